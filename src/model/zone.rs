//! Names of time zones, and what people write in their place.

use jiff::tz::TimeZone;
use jiff::tz::TimeZoneDatabase;

use crate::spelling;
use crate::spelling::Vocabulary;

/// What the text of a time zone is.
pub enum Zone {
    /// A name of the IANA database.
    Known(TimeZone),
    /// A name that the IANA database keeps for old programs, with the one that replaced it.
    Old(TimeZone, &'static str),
    /// Not a name, and near enough to one.
    Misspelled {
        /// The name.
        name: String,
        /// Whether nothing else can be meant.
        is_certain: bool,
    },
    /// An abbreviation that is used for several zones.
    Ambiguous(&'static [&'static str]),
    /// An offset from UTC, with the name of the zone that always has it.
    Offset(Option<String>),
    /// Nothing known.
    Unknown,
}

/// Names that stand for one zone and are not in the database.
const CERTAIN: &[(&str, &str)] = &[
    ("JST", "Asia/Tokyo"),
    ("UTC+0", "UTC"),
    ("UTC-0", "UTC"),
    ("UTC+00:00", "UTC"),
    ("UTC+00", "UTC"),
    ("Z", "UTC"),
];

/// Abbreviations that stand for several zones.
const AMBIGUOUS: &[(&str, &[&str])] = &[
    ("CST", &["America/Chicago", "Asia/Shanghai", "America/Havana"]),
    ("CDT", &["America/Chicago", "America/Havana"]),
    ("IST", &["Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"]),
    ("BST", &["Europe/London", "Asia/Dhaka"]),
    ("AST", &["America/Halifax", "Asia/Riyadh"]),
    ("PST", &["America/Los_Angeles", "Asia/Manila"]),
    ("PDT", &["America/Los_Angeles"]),
    ("EDT", &["America/New_York", "Australia/Sydney"]),
    ("MDT", &["America/Denver"]),
    ("AEST", &["Australia/Brisbane", "Australia/Sydney"]),
    ("AEDT", &["Australia/Melbourne", "Australia/Sydney"]),
    ("CEST", &["Europe/Berlin", "Europe/Paris"]),
    ("EEST", &["Europe/Athens", "Europe/Helsinki"]),
    ("SGT", &["Asia/Singapore"]),
    ("HKT", &["Asia/Hong_Kong"]),
    ("KST", &["Asia/Seoul"]),
    ("MSK", &["Europe/Moscow"]),
    ("NZST", &["Pacific/Auckland"]),
];

/// Old names whose replacement every database has had for many years.
const OLD: &[(&str, &str)] = &[
    ("Japan", "Asia/Tokyo"),
    ("Singapore", "Asia/Singapore"),
    ("Hongkong", "Asia/Hong_Kong"),
    ("ROK", "Asia/Seoul"),
    ("PRC", "Asia/Shanghai"),
    ("Israel", "Asia/Jerusalem"),
    ("Turkey", "Europe/Istanbul"),
    ("Poland", "Europe/Warsaw"),
    ("Portugal", "Europe/Lisbon"),
    ("Eire", "Europe/Dublin"),
    ("GB", "Europe/London"),
    ("NZ", "Pacific/Auckland"),
    ("US/Eastern", "America/New_York"),
    ("US/Central", "America/Chicago"),
    ("US/Mountain", "America/Denver"),
    ("US/Pacific", "America/Los_Angeles"),
    ("US/Hawaii", "Pacific/Honolulu"),
    ("US/Alaska", "America/Anchorage"),
    ("Canada/Eastern", "America/Toronto"),
    ("Canada/Pacific", "America/Vancouver"),
    ("Asia/Calcutta", "Asia/Kolkata"),
    ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
    ("Asia/Katmandu", "Asia/Kathmandu"),
    ("Zulu", "UTC"),
    ("Universal", "UTC"),
];

/// Finds out what the text of a time zone is.
pub fn find(text: &str) -> Zone {
    let database = TimeZoneDatabase::bundled();
    if let Ok(zone) = database.get(text) {
        let name = zone.iana_name().unwrap_or(text).to_owned();
        if name != text {
            // Other readers of the database tell upper from lower case.
            return Zone::Misspelled { name, is_certain: true };
        }
        let old = OLD.iter().find(|(old, _)| *old == text);
        return match old {
            Some((_, new)) => Zone::Old(zone, new),
            None => Zone::Known(zone),
        };
    }
    if let Some((_, name)) = CERTAIN.iter().find(|(known, _)| *known == text) {
        return Zone::Misspelled { name: (*name).to_owned(), is_certain: true };
    }
    if let Some((_, zones)) = AMBIGUOUS.iter().find(|(known, _)| *known == text) {
        return Zone::Ambiguous(zones);
    }
    if let Some(offset) = offset(text) {
        return offset;
    }
    match nearest(&database, text) {
        Some(name) => Zone::Misspelled { name, is_certain: false },
        None => Zone::Unknown,
    }
}

/// Reads `UTC+9`, `GMT-03:30` or `+09:00`; returns the zone of whole hours that it is.
fn offset(text: &str) -> Option<Zone> {
    let rest = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT"));
    let rest = rest.unwrap_or(text).trim();
    let (sign, digits) = match rest.as_bytes().first()? {
        b'+' => ('-', rest.get(1..)?),
        b'-' => ('+', rest.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let hours: u8 = hours.parse().ok()?;
    let minutes: u8 = minutes.parse().ok()?;
    let most = if sign == '-' { 14 } else { 12 };
    let is_whole = minutes == 0 && (1..=most).contains(&hours);
    Some(Zone::Offset(is_whole.then(|| format!("Etc/GMT{sign}{hours}"))))
}

/// Returns the one name that is near.
fn nearest(database: &TimeZoneDatabase, text: &str) -> Option<String> {
    // Every abbreviation is near another one.
    if text.len() < 5 {
        return None;
    }
    let known: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let near = spelling::nearest(text, known.iter().map(String::as_str), Vocabulary::Names);
    match near.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_told_with_the_sign_that_the_database_uses() {
        let named = |text| match offset(text) {
            Some(Zone::Offset(name)) => name.unwrap_or_else(|| "a part of an hour".to_owned()),
            _ => "no offset".to_owned(),
        };
        assert_eq!(named("UTC+9"), "Etc/GMT-9");
        assert_eq!(named("GMT-03:00"), "Etc/GMT+3");
        assert_eq!(named("+0530"), "a part of an hour");
        assert_eq!(named("Europe/Berlin"), "no offset");
        assert_eq!(named("UTC+"), "no offset");
    }

    #[test]
    fn a_name_in_another_spelling_is_found_and_an_abbreviation_is_not() {
        let guess = |text| match find(text) {
            Zone::Misspelled { name, .. } => Some(name),
            _ => None,
        };
        for (written, name) in [
            ("America/New York", "America/New_York"),
            ("AmericaNewYork", "America/New_York"),
            ("Europe/Berln", "Europe/Berlin"),
            ("europe-berlin", "Europe/Berlin"),
        ] {
            assert_eq!(guess(written).as_deref(), Some(name), "{written}");
        }
        for written in ["BRT", "EGST", "Etc/GMT+15", "Berlin"] {
            assert_eq!(guess(written), None, "{written}");
        }
    }

    #[test]
    fn every_zone_that_is_offered_exists() {
        let database = TimeZoneDatabase::bundled();
        let several = AMBIGUOUS.iter().flat_map(|(_, zones)| zones.iter());
        let single = CERTAIN.iter().chain(OLD).map(|(_, zone)| zone);
        for zone in single.chain(several) {
            assert!(database.get(zone).is_ok(), "{zone}");
        }
        assert!(OLD.iter().all(|(old, _)| database.get(old).is_ok()));
        assert!(AMBIGUOUS.iter().all(|(name, _)| database.get(name).is_err()));
    }
}
