//! Who approved a change, and whether they may.

use std::collections::BTreeSet;

use super::CommitFacts;
use super::Proposal;
use super::Roles;

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
    /// How it was given.
    pub means: Means,
    /// The short object id of the commit that carries the trailer, or that was reviewed.
    pub commit: String,
}

/// How an approval was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// A trailer of a commit.
    Trailer,
    /// A review on the forge.
    Review,
}

/// What names somebody who approves, and how.
struct Given<'a> {
    /// Whatever is named together is one person.
    person: BTreeSet<String>,
    means: Means,
    commit: &'a str,
}

impl Proposal {
    /// Returns the approvals of a change by people of the given roles, one for each person.
    ///
    /// Who proposes it is known of a pull request alone. Elsewhere, as in a merge queue, only those who wrote its
    /// commits are refused, by the names and addresses that the commits give: the pull request was judged before
    /// it entered the queue.
    ///
    /// A person is matched without regard to case, by login or mail address. Nobody who wrote a part of the change
    /// or proposes it approves it; where commits are missing, so are authors, and nobody's approval counts. A team
    /// (`@org/team`) approves nothing, because who is in it is not known here.
    pub fn approvals<'a>(
        &self,
        roles: impl Iterator<Item = &'a str>,
        known: &Roles,
    ) -> Vec<Approval> {
        let mut found: Vec<(BTreeSet<String>, Approval)> = Vec::new();
        for role in roles {
            let members = known.get(role).map_or(&[][..], Vec::as_slice);
            for given in self.given() {
                let is_named = |member: &&String| {
                    !member.contains('/') && given.person.contains(&folded(member))
                };
                let Some(member) = members.iter().find(is_named) else { continue };
                let approval = Approval {
                    role: role.to_owned(),
                    member: member.clone(),
                    means: given.means,
                    commit: given.commit.to_owned(),
                };
                add_person(&mut found, given.person, approval);
            }
        }
        let mut approvals: Vec<Approval> =
            found.into_iter().map(|(_, approval)| approval).collect();
        approvals.sort_by(|one, other| one.member.cmp(&other.member));
        approvals
    }

    /// Returns whether anybody approved who wrote nothing of the change, be they in a role or not.
    pub fn is_approved(&self) -> bool {
        !self.given().is_empty()
    }

    /// Returns whether a text such as `Ann <ann@example.org>`, `@ann` or `ann` names somebody who proposes the
    /// change or wrote a part of it.
    pub fn is_author(&self, text: &str) -> bool {
        !people(text).is_disjoint(&self.authors())
    }

    /// Returns whether a text names somebody who wrote a part of the change, or whom a trailer of it says to have
    /// approved it.
    pub fn is_signed_by(&self, text: &str) -> bool {
        let people = people(text);
        let trailers = self.trailers(APPROVED_BY);
        let approved: BTreeSet<String> =
            trailers.flat_map(|(_, value)| identities(value)).collect();
        !people.is_disjoint(&self.authors()) || !people.is_disjoint(&approved)
    }

    /// Returns who approved and wrote nothing of the change; nobody where authors are missing.
    fn given(&self) -> Vec<Given<'_>> {
        if self.commits.is_cut() {
            return Vec::new();
        }
        let trailers = self.trailers(APPROVED_BY).map(|(commit, value)| Given {
            person: identities(value),
            means: Means::Trailer,
            commit: &commit.short,
        });
        let reviews = self.reviews.iter().map(|review| Given {
            person: BTreeSet::from([format!("@{}", folded(&review.login))]),
            means: Means::Review,
            commit: &review.commit,
        });
        let authors = self.authors();
        let is_another =
            |given: &Given<'_>| !given.person.is_empty() && given.person.is_disjoint(&authors);
        trailers.chain(reviews).filter(is_another).collect()
    }

    fn authors(&self) -> BTreeSet<String> {
        let proposes = self.author.iter().map(|login| format!("@{}", folded(login)));
        self.commits.at_hand().iter().flat_map(authors).chain(proposes).collect()
    }
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

fn authors(commit: &CommitFacts) -> Vec<String> {
    let author = format!("{} <{}>", commit.author.name, commit.author.mail);
    let others = commit.trailers(CO_AUTHORED_BY).map(str::to_owned);
    let each = others.chain([author]).flat_map(|person| {
        // Many people use their login as the name of their commits.
        let name = person.split('<').next().unwrap_or_default();
        let login = format!("@{}", folded(name).trim_start_matches('@'));
        identities(&person).into_iter().chain([login])
    });
    each.collect()
}

/// Returns whether a text names a member of some roles; a team is nobody.
pub fn is_member<'a>(text: &str, mut roles: impl Iterator<Item = &'a str>, known: &Roles) -> bool {
    let people = people(text);
    let is_named = |member: &String| !member.contains('/') && people.contains(&folded(member));
    roles.any(|role| known.get(role).is_some_and(|members| members.iter().any(is_named)))
}

/// Returns the logins and mail addresses that a field for one person names; a word alone is a login.
fn people(text: &str) -> BTreeSet<String> {
    let mut found = identities(text);
    if found.is_empty() && !text.trim().contains(char::is_whitespace) {
        found.insert(format!("@{}", folded(text)));
    }
    found
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
