//! Who approved a change, and whether they may.

use std::collections::BTreeSet;

use super::CommitFacts;
use super::Setting;

/// The trailer that names who approved.
const APPROVED_BY: &str = "Approved-by";
/// The trailer that names who wrote a commit too.
const CO_AUTHORED_BY: &str = "Co-authored-by";
/// The host of the mail addresses that GitHub gives to people who hide theirs.
const NO_REPLY: &str = "@users.noreply.github.com";

/// An approval by a person of a role, who wrote nothing of the change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Approval {
    /// The role that makes the approval count.
    pub role: String,
    /// The member of the role, as the configuration writes it.
    pub member: String,
    /// The short object id of the commit that carries the trailer.
    pub commit: String,
}

/// Returns the approvals of a change by people of the given roles, one for each person.
///
/// Who proposes it is known of a pull request alone. Elsewhere, as in a merge queue, only those who
/// wrote its commits are refused, by the names and addresses that the commits give: the pull request
/// was judged before it entered the queue.
///
/// A person is matched without regard to case, by login or mail address. Nobody who wrote a part of
/// the change or proposes it approves it; where commits are missing, so are authors, and nobody's
/// approval counts. A team (`@org/team`) approves nothing by a trailer, because who is in it is not
/// known here.
pub(super) fn approvals<'a>(
    roles: impl Iterator<Item = &'a str>,
    setting: &Setting<'_>,
) -> Vec<Approval> {
    if setting.facts.commits.is_cut() {
        return Vec::new();
    }
    let commits = setting.facts.commits.at_hand();
    let proposes = setting.facts.author.iter().map(|login| format!("@{}", folded(login)));
    let authors: BTreeSet<String> = commits.iter().flat_map(authors).chain(proposes).collect();
    let mut found: Vec<(BTreeSet<String>, Approval)> = Vec::new();
    for role in roles {
        let members = setting.owners.get(role).map_or(&[][..], Vec::as_slice);
        for (commit, approver) in approvers(commits) {
            if approver.is_disjoint(&authors) {
                let member = members
                    .iter()
                    .find(|member| !member.contains('/') && approver.contains(&folded(member)));
                if let Some(member) = member {
                    let (role, member) = (role.to_owned(), member.clone());
                    let approval = Approval { role, member, commit: commit.short.clone() };
                    add_person(&mut found, approver, approval);
                }
            }
        }
    }
    let mut approvals: Vec<Approval> = found.into_iter().map(|(_, approval)| approval).collect();
    approvals.sort_by(|one, other| one.member.cmp(&other.member));
    approvals
}

/// Adds an approval, unless its person has given one: whatever a trailer names together is one person,
/// who keeps the first approval.
fn add_person(
    found: &mut Vec<(BTreeSet<String>, Approval)>,
    mut person: BTreeSet<String>,
    mut approval: Approval,
) {
    let known = found.extract_if(.., |(other, _)| !other.is_disjoint(&person));
    let known: Vec<_> = known.collect();
    for (identities, _) in &known {
        person.extend(identities.iter().cloned());
    }
    if let Some((_, first)) = known.into_iter().next() {
        approval = first;
    }
    found.push((person, approval));
}

fn approvers(commits: &[CommitFacts]) -> impl Iterator<Item = (&CommitFacts, BTreeSet<String>)> {
    commits.iter().flat_map(|commit| {
        let trailers = trailers(commit, APPROVED_BY);
        trailers.map(move |value| (commit, identities(value)))
    })
}

fn authors(commit: &CommitFacts) -> Vec<String> {
    let author = format!("{} <{}>", commit.author.name, commit.author.mail);
    let others = trailers(commit, CO_AUTHORED_BY).map(identities);
    let mut names: Vec<String> = others.flatten().chain(identities(&author)).collect();
    // Many people use their login as the name of their commits.
    names.push(format!("@{}", folded(&commit.author.name)));
    names
}

/// Returns the values of a trailer, whose key is matched without regard to case.
pub(super) fn trailers<'a>(
    commit: &'a CommitFacts,
    key: &'a str,
) -> impl Iterator<Item = &'a str> + 'a {
    let trailers = commit.trailers.iter();
    let named = trailers.filter(move |(other, _)| other.eq_ignore_ascii_case(key));
    named.map(|(_, value)| value.trim())
}

/// Returns the logins and mail addresses that a text such as `Ann <ann@example.org>` or `@ann` names.
fn identities(text: &str) -> BTreeSet<String> {
    let words = text.split([' ', '<', '>', ',', '(', ')']);
    let mut found = BTreeSet::new();
    for word in words.filter(|word| word.contains('@')) {
        let word = folded(word);
        if let Some(login) = word.strip_suffix(NO_REPLY) {
            let login = login.rsplit('+').next().unwrap_or(login);
            found.insert(format!("@{login}"));
        }
        found.insert(word);
    }
    found
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
