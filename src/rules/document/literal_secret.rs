use crate::finding::Level;
use crate::model::Object;
use crate::model::Setting;
use crate::model::Text;
use crate::quantity::Ratio;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    name: "literal-secret",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::Alerts,
    since: "0.1.0",
    docs: include_str!("literal_secret.md"),
    settings: &[],
    check: Check::Object(check),
};

/// Words that mean a secret at the end of a key, and something else before another word.
const LAST_WORDS: [&str; 3] = ["pass", "pwd", "passphrase"];

/// Parts of a word that means a secret; `api`, `app` or `access` before `key` means one too.
const SECRETS: [&str; 7] =
    ["secret", "token", "passw", "apikey", "appkey", "accesskey", "credential"];

/// Words behind such a word that make a key speak of a secret: where it is kept, how long it lasts.
const ABOUT: &str = "ref refs reference env file path dir name names id ids url uri arn endpoint host \
    server address provider source manager store engine backend helper plugin class exchange audience \
    issuer realm tenant scope scopes type kind mode method algorithm header field format prefix region \
    namespace role mount location property selector version policy lifetime expiry expires expiration \
    ttl bucket seconds duration interval timeout rotation enabled required length size limit count usage \
    parameter parameters param from profile metric chain";

/// What a reference begins with, before a colon. As the last word or two of more, a user may be called
/// so as well: `log-file:`.
const SCHEMES: [&str; 5] = ["env", "file", "arn", "awssm", "gcpsm"];

/// What keeps secrets: it begins a reference alone, and as the last word or two: `ssm:`, `aws-ssm:`.
const STORES: [&str; 5] = ["vault", "keyvault", "ssm", "secretmanager", "secretsmanager"];

/// The longest word that a name is made of; generated text is longer.
const LONGEST_WORD: usize = 15;

fn check(object: &Object, checker: &mut Checker<'_>) {
    if let Object::DataSource(source) = object {
        report(&source.settings, checker);
    }
    for source in object.metric_sources() {
        report(&source.settings, checker);
    }
}

fn report(settings: &[Setting], checker: &mut Checker<'_>) {
    for Setting { key, value, .. } in settings {
        if let Some(password) = password_in(&value.value)
            && !is_reference(key, password)
            && !is_plain(password)
        {
            in_address(key, value, password, checker);
            continue;
        }
        if !is_secret_key(key) || is_reference(key, &value.value) || is_plain(&value.value) {
            continue;
        }
        let variable = format!("`{key}: ${{{}}}`", variable(key));
        if is_example(key, &value.value) {
            checker
                .report_at(Level::Info, value.span, format!("`{key}` holds a placeholder"))
                .help(format!("read the secret from the environment: {variable}"));
        } else if !is_name(key, &value.value)
            && (value.value.chars().count() >= 8 || is_varied(&value.value))
        {
            checker
                .report(value.span, format!("`{key}` holds a secret in plain text"))
                .label("git keeps it for ever")
                .help(format!("revoke it, then read a new one from the environment: {variable}"));
        }
    }
}

/// Says that an address holds a password, which every log that shows the address shows too.
fn in_address(key: &str, value: &Spanned<Text>, password: &str, checker: &mut Checker<'_>) {
    let help = "leave the password out, and read it from the environment";
    if is_example("password", password) {
        let message = format!("the address in `{key}` holds a placeholder for a password");
        checker.report_at(Level::Info, value.span, message).help(help);
    } else if !is_name("password", password) {
        checker
            .report(value.span, format!("the address in `{key}` holds a password in plain text"))
            .label("git keeps it for ever")
            .help(format!("revoke it, then {help}"));
    }
}

/// Returns the password of an address such as `https://reader:1234@metrics.example`.
fn password_in(value: &str) -> Option<&str> {
    let (scheme, rest) = value.trim().split_once("://")?;
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let is_address = !scheme.is_empty() && scheme.bytes().all(is_scheme);
    Some(password).filter(|password| is_address && !password.is_empty())
}

fn is_secret_key(key: &str) -> bool {
    let words = words(key);
    let Some((place, _)) = secrets_in(&words).next() else {
        return false;
    };
    let is_about = |word: &String| ABOUT.split_whitespace().any(|about| about == word);
    let (before, behind) = words.split_at(place);
    !behind.iter().any(is_about) && !before.iter().any(|word| word == "existing")
}

/// Returns the words of a key that mean a secret, with their places.
fn secrets_in(words: &[String]) -> impl Iterator<Item = (usize, &String)> {
    words.iter().enumerate().filter(|(place, word)| {
        let before = place.checked_sub(1).and_then(|place| words.get(place));
        let is_part = SECRETS.iter().any(|part| word.contains(part)) && !word.contains("tokeniz");
        is_part
            || (LAST_WORDS.contains(&word.as_str()) && place + 1 == words.len())
            || *word == "key"
                && before.is_some_and(|word| matches!(&**word, "api" | "app" | "access"))
    })
}

/// Returns the words of a key in lower case, without the digits at the end of each: `api`, `key` of
/// `apiKey`, `API_KEY` and `api-key2`.
fn words(key: &str) -> Vec<String> {
    let letters: Vec<char> = key.chars().collect();
    let mut words = vec![String::new()];
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let next = letters.get(place + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || next.is_some_and(|next| next.is_lowercase())
            });
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    for word in &mut words {
        word.truncate(word.trim_end_matches(char::is_numeric).len());
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Text that is replaced before use, that names where the secret is kept, or that is encrypted.
fn is_reference(key: &str, value: &str) -> bool {
    const ENCLOSED: [(&str, &str); 5] =
        [("${", "}"), ("$(", ")"), ("%(", ")"), ("{{", "}}"), ("ENC[", "]")];
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let is_enclosed = |(open, close): &(&str, &str)| {
        value.split_once(open).is_some_and(|(_, rest)| rest.contains(close))
    };
    let variable = value.strip_prefix('$').filter(|name| !name.is_empty());
    let address = value.split_once("://").map(|(_, address)| address);
    let is_public =
        |address: &str| !address.split_once('@').is_some_and(|(user, _)| user.contains(':'));
    // `secret:datadog` names one, and `secret:9f8a77c1e0` may be one.
    let name = value.strip_prefix("secret:");
    let scheme = value.split_once(':').filter(|(scheme, _)| is_words(scheme));
    let scheme = scheme.map(|(scheme, _)| words(scheme));
    let is_store = |words: Vec<String>| {
        let last = |count| words.iter().skip(words.len().saturating_sub(count));
        let ends = [1, 2].map(|count| last(count).map(String::as_str).collect::<String>());
        SCHEMES.contains(&words.concat().as_str())
            || ends.iter().any(|end| STORES.contains(&end.as_str()))
    };
    let is_kept = ["file", "path"].iter().any(|end| key.to_ascii_lowercase().ends_with(end));
    value.is_empty()
        || ENCLOSED.iter().any(is_enclosed)
        || (value.starts_with('<') && value.ends_with('>'))
        || variable.is_some_and(|name| name.chars().all(is_capital))
        || scheme.is_some_and(is_store)
        || lower.starts_with("$ansible_vault;")
        || name.is_some_and(is_words)
        || address.is_some_and(is_public)
        || (is_kept && value.contains('/'))
        || (lower.starts_with("projects/") && lower.contains("/secrets/"))
        || is_name_of_secret(key, value)
}

/// Returns whether a value names an object that holds a secret, as in `secret: metrics-reader`.
fn is_name_of_secret(key: &str, value: &str) -> bool {
    let is_object = matches!(&*key.to_ascii_lowercase(), "secret" | "secrets" | "credentials");
    is_object && value.contains('-') && is_words(value)
}

/// Returns whether a value may be the name of something: a variable, an object, a path.
///
/// People choose words as a password; what else is secret is generated, and made of no words.
fn is_name(key: &str, value: &str) -> bool {
    let key = words(key);
    let last = secrets_in(&key).last();
    let is_chosen =
        last.is_some_and(|(_, word)| word.contains("passw") || LAST_WORDS.contains(&word.as_str()));
    let is_of_secret = || secrets_in(&words(value)).next().is_some();
    let is_variable = || value.contains('_') && value.chars().all(is_capital) && is_of_secret();
    is_words(value) && (!is_chosen || value.contains('/') || is_variable())
}

/// Returns whether a letter may stand in the name of a variable.
fn is_capital(letter: char) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'
}

/// Returns whether text is nothing but words and what may stand between those of a name, such as
/// `prod/db-2/api_key`.
fn is_words(text: &str) -> bool {
    let is_path = text.contains('/');
    let is_between = |letter: char| "-_./#".contains(letter) || (is_path && letter == ':');
    let parts = text.trim().split(is_between).filter(|part| !part.is_empty());
    let (words, others): (Vec<&str>, Vec<&str>) = parts.partition(|part| is_word(part));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = |part: &&str| {
        let is_plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_plain && (part.len() <= 3 || (is_path && is_number(part)))
    };
    words.len() > others.len() && others.iter().all(is_short)
}

/// Returns whether text is a word, or several in one as `basicAuth` is: capitals anywhere make none.
fn is_word(text: &str) -> bool {
    let words = words(text);
    let is_long = |word: &String| word.len() >= 3;
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && words.iter().all(|word| word.len() <= LONGEST_WORD)
        && (words.len() == 1 || words.iter().all(is_long))
}

/// Returns whether text is no secret whatever its key: a number, a date, a mask, a state.
fn is_plain(value: &str) -> bool {
    const STATES: [&str; 4] = ["disabled", "optional", "required", "anonymous"];
    let value = value.trim();
    let date = value.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
    let is_of_time = |letter: char| letter.is_ascii_digit() || "-:.+TZ ".contains(letter);
    let is_mask = |letter: char| matches!(letter, '*' | 'x' | 'X' | '.');
    Ratio::parse(value).is_some()
        || (date.is_some() && value.chars().all(is_of_time))
        || value.chars().all(is_mask)
        || STATES.contains(&value)
}

/// Text that stands for a secret in an example: `changeme`, the name of its key, or nothing but
/// words such as `my-secret-token`.
fn is_example(key: &str, value: &str) -> bool {
    const WORDS: &str = "placeholder changeme redacted password example replace secret access token dummy \
        some your here todo the key api app my me";
    let letters = |text: &str| {
        let plain = text.chars().filter(char::is_ascii_alphanumeric);
        plain.collect::<String>().to_ascii_lowercase()
    };
    let (key, value) = (letters(key), letters(value));
    let mut rest = value.as_str();
    while let Some(shorter) = WORDS
        .split_whitespace()
        .chain([key.as_str()])
        .filter(|word| !word.is_empty())
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = shorter;
    }
    rest.is_empty()
}

/// Returns whether text may carry three bits a character or more, as generated text does.
///
/// Three bits are eight equally frequent characters, so fewer different ones carry less.
fn is_varied(value: &str) -> bool {
    let mut characters: Vec<char> = value.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len() >= 8
}

/// Returns the name of an environment variable for a key: `API_KEY` for `apiKey`.
fn variable(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    name
}
