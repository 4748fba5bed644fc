//! Logins, teams and mail addresses.

/// Returns whether a list holds a member, without regard to case or to a leading `@`.
pub(super) fn holds(members: &[String], member: &str) -> bool {
    let wanted = folded(member);
    !wanted.is_empty() && members.iter().any(|known| folded(known) == wanted)
}

/// Returns whether a text is a `@login`, an `@organization/team` or a mail address.
pub(super) fn is_member(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|character| character.is_alphanumeric() || "-_.[]".contains(character))
    };
    if let Some(name) = text.strip_prefix('@') {
        return match name.split_once('/') {
            // A team of GitLab may lie in nested groups.
            Some((group, team)) => is_word(group) && team.split('/').all(is_word),
            None => is_word(name),
        };
    }
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            let is_text = |part: &str| {
                !part.contains(|character: char| character.is_whitespace() || character == '@')
            };
            !local.is_empty() && is_text(local) && is_text(domain) && is_word(domain)
        }
        None => false,
    }
}

/// Returns a member as it is compared.
fn folded(member: &str) -> String {
    let member = member.trim();
    member.strip_prefix('@').unwrap_or(member).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_logins_teams_and_mail_addresses() {
        for text in ["@alice", "@shop/sre", "@a/b/c", "@renovate[bot]", "sre+page@shop.example"] {
            assert!(is_member(text), "{text}");
        }
        for text in ["", "@", "alice", "@shop/", "@a b", "@shop//x", "a@", "@a@b", "a b@c"] {
            assert!(!is_member(text), "{text}");
        }
    }

    #[test]
    fn case_and_the_sign_before_a_login_do_not_matter() {
        let members = ["@Alice".to_owned(), "@shop/SRE".to_owned(), "Bob@Shop.example".to_owned()];
        for member in ["@alice", "ALICE", "@Shop/sre", "bob@shop.EXAMPLE"] {
            assert!(holds(&members, member), "{member}");
        }
        for member in ["", "@", "bob", "sre", "@alice2"] {
            assert!(!holds(&members, member), "{member}");
        }
    }
}
