//! Error budget policies: the lowering, with the defaults that complete a short one.

use jiff::civil::Date;

use crate::dialect::fields;
use crate::model::Attestations;
use crate::model::Attested;
use crate::model::Burn;
use crate::model::ChangeClass;
use crate::model::Condition;
use crate::model::Dialect;
use crate::model::ErrorBudgetPolicy;
use crate::model::Evaluation;
use crate::model::GateKind;
use crate::model::Lasting;
use crate::model::Lookback;
use crate::model::NamedCondition;
use crate::model::NoData;
use crate::model::OnUnknown;
use crate::model::Operator;
use crate::model::Overrides;
use crate::model::RelaxWhen;
use crate::model::ReleaseRate;
use crate::model::Requirements;
use crate::model::Scope;
use crate::model::Selector;
use crate::model::Tier;
use crate::model::ZeroTraffic;
use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::quantity::Unit;
use crate::source::Spanned;
use crate::yaml::Entry;
use crate::yaml::Node;

fn items<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    node.given(field).into_iter().flat_map(Node::items)
}

fn texts(node: Node<'_>, field: &str) -> Vec<Spanned<String>> {
    let spanned = |item: Node<'_>| Some(Spanned::new(item.text()?.to_owned(), item.span()));
    items(node, field).filter_map(spanned).collect()
}

/// Lowers a policy, with the defaults that complete a short one.
pub(super) fn lower(node: Node<'_>) -> ErrorBudgetPolicy {
    let spec = node.given("spec");
    let part = |field: &str| spec.and_then(|spec| spec.given(field));
    let map = |field: &str| part(field).into_iter().flat_map(Node::entries);
    let precedence = spec.and_then(|spec| fields::number(spec, "precedence"));
    let (conditions, tiers) = (map("conditions"), part("tiers").into_iter().flat_map(Node::items));
    let mut unread = None;
    ErrorBudgetPolicy {
        meta: fields::meta(node, fields::metadata(node), Dialect::Own),
        owner: spec.and_then(|spec| fields::text(spec, "owner")),
        revisit: spec.and_then(revisit),
        escalation: spec.map(|spec| texts(spec, "escalation")).unwrap_or_default(),
        priorities: spec.map(|spec| texts(spec, "priorities")).unwrap_or_default(),
        selector: part("selector").map(selector).unwrap_or_default(),
        scope: part("scope").map(scope).unwrap_or_default(),
        max_latch: spec
            .and_then(|spec| fields::duration(spec, "maxLatch"))
            .map_or(Duration::new(90, Unit::Day), |latch| latch.value),
        precedence: precedence.map_or(0, |number| nearest_i64(&number.value)),
        evaluation: part("evaluation").map(evaluation).unwrap_or_default(),
        conditions: conditions
            .filter_map(|entry| {
                let found = named(entry);
                if found.is_none() {
                    unread.get_or_insert(entry.key.span());
                }
                found
            })
            .collect(),
        tiers: tiers
            .filter_map(|node| {
                let found = tier(node);
                // An exit that is not read would be that of a tier that has none.
                let ends = found.as_ref().is_some_and(|tier| tier.exit.is_some());
                if found.is_none() || !ends && node.given("exit").is_some_and(Node::is_mapping) {
                    unread.get_or_insert(node.span());
                }
                found
            })
            .collect(),
        temporary_recovery: part("temporaryRecovery")
            .and_then(|node| Some(Spanned::new(condition(node)?, node.span()))),
        attestations: spec.and_then(attestations),
        incidents: part("incidents").and_then(|incidents| fields::text(incidents, "dir")),
        overrides: spec.and_then(overrides),
        change_classes: map("changeClasses")
            .filter_map(|entry| {
                let name = Spanned::new(entry.key.text()?.to_owned(), entry.key.span());
                Some(change_class(name, entry.value))
            })
            .collect(),
        is_whole: unread.is_none(),
        unread,
    }
}

fn named(entry: Entry<'_>) -> Option<NamedCondition> {
    let name = Spanned::new(entry.key.text()?.to_owned(), entry.key.span());
    Some(NamedCondition { name, condition: condition(entry.value)? })
}

fn revisit(spec: Node<'_>) -> Option<Spanned<Date>> {
    let day = fields::word(spec, "revisit")?;
    Some(Spanned::new(day.value.parse().ok()?, day.span))
}

fn attestations(spec: Node<'_>) -> Option<Attestations> {
    let node = spec.given("attestations")?;
    let authority = node.given("authority").into_iter().flat_map(Node::entries);
    let authority = authority.filter_map(|entry| {
        let id = Spanned::new(entry.key.text()?.to_owned(), entry.key.span());
        let roles = entry.value.items();
        let role = |item: Node<'_>| Some(Spanned::new(item.text()?.to_owned(), item.span()));
        Some((id, roles.filter_map(role).collect()))
    });
    Some(Attestations {
        dir: fields::text(node, "dir"),
        authority: authority.collect(),
        span: fields::key_span(spec, "attestations"),
    })
}

fn overrides(spec: Node<'_>) -> Option<Overrides> {
    let node = spec.given("overrides")?;
    Some(Overrides {
        dir: fields::text(node, "dir"),
        approvers: texts(node, "approvers"),
        max_duration: fields::duration(node, "maxDuration"),
        max_per: node.given("maxPer").and_then(|quota| {
            // A number that cannot be read lets nobody.
            let most = fields::number(quota, "count").and_then(|count| count.value.to_i64());
            let most = most.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
            Some((most, fields::duration(quota, "window")?.value))
        }),
        span: fields::key_span(spec, "overrides"),
    })
}

fn selector(node: Node<'_>) -> Selector {
    let labels = node.given("matchLabels").into_iter().flat_map(Node::entries);
    Selector {
        services: texts(node, "services"),
        slos: texts(node, "slos"),
        match_labels: labels
            .filter_map(|entry| {
                let value = Spanned::new(entry.value.text()?.to_owned(), entry.value.span());
                Some((entry.key.text()?.to_owned(), value))
            })
            .collect(),
        span: Some(node.span()),
    }
}

fn scope(node: Node<'_>) -> Scope {
    Scope { paths: texts(node, "paths"), branches: texts(node, "branches") }
}

fn evaluation(node: Node<'_>) -> Evaluation {
    let usual = Evaluation::default();
    let given = node.given("noData");
    Evaluation {
        step: fields::duration(node, "step").map_or(usual.step, |step| step.value),
        no_data: given.map_or(usual.no_data, no_data),
        no_data_span: given.map(|_| fields::key_span(node, "noData")),
    }
}

fn no_data(node: Node<'_>) -> NoData {
    let usual = NoData::default();
    let on_unknown = on_unknown(node, "onUnknown");
    let on_backend_error = self::on_unknown(node, "onBackendError");
    let zero_traffic = fields::word(node, "zeroTraffic").map(|text| text.value);
    NoData {
        min_coverage: fields::number(node, "minCoverage").map_or(usual.min_coverage, |n| n.value),
        hold_for: fields::duration(node, "holdFor").map_or(usual.hold_for, |hold| hold.value),
        then_on_unknown: self::on_unknown(node, "thenOnUnknown")
            .map_or(usual.then_on_unknown, |then| then.value),
        zero_traffic: match zero_traffic {
            Some("good") => ZeroTraffic::Good,
            _ => usual.zero_traffic,
        },
        min_events: fields::number(node, "minEvents").map_or(usual.min_events, |n| n.value),
        // A value that cannot be read is reported for itself, and so is a misspelled key.
        on_unknown_given: fields::place(node, "onUnknown").is_some(),
        on_backend_error_given: fields::place(node, "onBackendError").is_some(),
        on_unknown: on_unknown.unwrap_or(usual.on_unknown),
        on_backend_error: on_backend_error.unwrap_or(usual.on_backend_error),
    }
}

fn on_unknown(node: Node<'_>, field: &str) -> Option<Spanned<OnUnknown>> {
    let text = fields::word(node, field)?;
    let value = match text.value {
        "hold" => OnUnknown::Hold,
        "deny" => OnUnknown::Deny,
        "warn" => OnUnknown::Warn,
        "allow" => OnUnknown::Allow,
        _ => return None,
    };
    Some(Spanned::new(value, text.span))
}

fn condition(node: Node<'_>) -> Option<Condition> {
    let parts = |list: Node<'_>| list.items().map(condition).collect::<Option<Vec<_>>>();
    if let Some(list) = node.given("all") {
        return Some(Condition::All(parts(list)?));
    }
    if let Some(list) = node.given("any") {
        return Some(Condition::Any(parts(list)?));
    }
    if let Some(part) = node.given("not") {
        return Some(Condition::Not(Box::new(condition(part)?)));
    }
    if let Some(name) = fields::text(node, "condition") {
        return Some(Condition::Named(name));
    }
    if let Some(within) = node.given("within") {
        let time = fields::duration(within, "for")?;
        return Some(Condition::Within { name: fields::text(within, "condition")?, time });
    }
    if let Some(sustained) = node.given("sustained") {
        let time = fields::duration(sustained, "for")?;
        let what = match fields::text(sustained, "tier") {
            Some(tier) => Lasting::Tier(tier),
            None => Lasting::Condition(fields::text(sustained, "condition")?),
        };
        let max_gap = fields::duration(sustained, "maxGap").map(|gap| gap.value);
        let max_gap = max_gap.filter(|gap| gap.count > 0);
        return Some(Condition::Sustained { what, time, max_gap });
    }
    if let Some(attested) = node.given("attested") {
        return attestation(attested).map(Condition::Attested);
    }
    if let Some(incident) = node.given("incident") {
        let share = incident.given("share")?;
        return Some(Condition::Incident {
            of: fields::duration(share, "of")?.value,
            share: fields::number(share, "gt")?,
            by_class: is_true(incident, "byClass"),
        });
    }
    let burn = node.given("burn")?;
    let lookback = fields::word(burn, "lookback")?;
    let length = match lookback.value {
        "slo" => Lookback::Slo,
        text => Lookback::For(Duration::parse(text)?),
    };
    let (operator, threshold) = Operator::ALL
        .into_iter()
        .find_map(|operator| Some((operator, fields::number(burn, operator.name())?)))?;
    let lookback = Spanned::new(length, lookback.span);
    Some(Condition::Burn(Burn { lookback, operator, threshold, span: burn.span() }))
}

fn attestation(node: Node<'_>) -> Option<Attested> {
    let age = |field: &str| fields::duration(node, field).map(|age| age.value);
    Some(Attested {
        id: fields::text(node, "id")?,
        min_age: age("minAge"),
        max_age: age("maxAge"),
        default: is_true(node, "default"),
        per_incident: is_true(node, "perIncident"),
        per_class: is_true(node, "perClass"),
    })
}

/// Returns how many there must be; more than there can be where that is not known: what a policy asks
/// for is never left out.
fn count(number: Option<&Ratio>) -> u32 {
    number.and_then(Ratio::to_i64).and_then(|count| u32::try_from(count).ok()).unwrap_or(u32::MAX)
}

/// Returns a whole number, or the one of 64 bits that is nearest to it.
fn nearest_i64(number: &Ratio) -> i64 {
    let limit = if *number < Ratio::zero() { i64::MIN } else { i64::MAX };
    number.to_i64().unwrap_or(limit)
}

fn is_true(node: Node<'_>, field: &str) -> bool {
    fields::truth(node, field).is_some_and(|truth| truth.value)
}

fn tier(node: Node<'_>) -> Option<Tier> {
    let approvals = fields::number(node, "approvals");
    Some(Tier {
        name: fields::text(node, "name")?,
        enter: condition(node.given("enter")?)?,
        exit: node.given("exit").and_then(condition),
        exit_span: node.given("exit").map(Node::span),
        gate: gate(node)?,
        approvers: texts(node, "approvers"),
        approvals: approvals.map_or(1, |number| count(Some(&number.value))),
        release_rate: node.given("releaseRate").and_then(release_rate),
        exempt: texts(node, "exempt"),
        relax_when: node.given("relaxWhen").and_then(relax_when),
        priority: texts(node, "priority"),
        parallel: is_true(node, "parallel"),
        actions: texts(node, "actions").into_iter().map(|action| action.value).collect(),
        notify: texts(node, "notify").into_iter().map(|channel| channel.value).collect(),
        span: node.span(),
    })
}

fn gate(node: Node<'_>) -> Option<Spanned<GateKind>> {
    let gate = fields::word(node, "gate")?;
    let kind = match gate.value {
        "open" => GateKind::Open,
        "warn" => GateKind::Warn,
        "approve" => GateKind::Approve,
        "freeze" => GateKind::Freeze,
        _ => return None,
    };
    Some(Spanned::new(kind, gate.span))
}

/// One that cannot be read relaxes nothing.
fn relax_when(node: Node<'_>) -> Option<RelaxWhen> {
    Some(RelaxWhen { when: condition(node.given("when")?)?, gate: gate(node)? })
}

fn release_rate(node: Node<'_>) -> Option<ReleaseRate> {
    let max = fields::number(node, "max")?;
    let per = fields::word(node, "per")?;
    Some(ReleaseRate {
        max: Spanned::new(u32::try_from(max.value.to_i64()?).ok()?, max.span),
        per: Spanned::new(Duration::parse(per.value)?, per.span),
        tags: fields::text(node, "tags")?,
    })
}

fn change_class(name: Spanned<String>, node: Node<'_>) -> ChangeClass {
    let lines = fields::number(node, "maxChangedLines").and_then(|number| number.value.to_i64());
    let requires = node.given("requires");
    let truth = |field: &str| {
        requires.and_then(|node| fields::truth(node, field)).is_some_and(|truth| truth.value)
    };
    let approvals = requires.and_then(|node| node.given("approvals"));
    let approvals = approvals.into_iter().flat_map(Node::entries);
    ChangeClass {
        name,
        trailer: fields::text(node, "trailer"),
        label: fields::text(node, "label"),
        paths: texts(node, "paths"),
        reverts_ancestor: node.given("revertOf").is_some(),
        requires: Requirements {
            incident: truth("incident"),
            slo: truth("slo"),
            approvals: approvals
                .filter_map(|entry| {
                    let needed = fields::number_of(entry.value).map(|number| number.value);
                    Some((entry.key.text()?.to_owned(), count(needed.as_ref())))
                })
                .collect(),
        },
        max_changed_lines: lines.and_then(|number| u64::try_from(number).ok()),
    }
}
