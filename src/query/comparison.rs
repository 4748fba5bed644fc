//! The comparisons of an expression with constants, and what the constants are worth.

use crate::quantity::Ratio;
use crate::query::Extent;
use crate::query::tree::BinaryOperator;
use crate::query::tree::Expression;
use crate::query::tree::ExpressionKind;
use crate::query::tree::Number;
use crate::query::tree::Sign;

/// The most numbers of a constant that is computed.
const MAX_NUMBERS: usize = 16;

/// A comparison with a constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison<'a> {
    /// What is compared.
    pub measured: &'a Expression,
    /// The constant.
    pub bound: &'a Expression,
    /// Whether it holds while what is compared is above the constant.
    pub is_above: bool,
    /// The whole comparison.
    pub extent: Extent,
}

/// Returns every comparison with a constant by `<`, `<=`, `>` or `>=`, in the order of the text.
pub fn comparisons(expression: &Expression) -> Vec<Comparison<'_>> {
    let mut found = Vec::new();
    collect(expression, &mut found);
    found
}

/// The height of a tree is bounded, so this ends.
fn collect<'a>(expression: &'a Expression, found: &mut Vec<Comparison<'a>>) {
    match comparison(expression) {
        Some(comparison) => found.push(comparison),
        None => expression.children().into_iter().for_each(|child| collect(child, found)),
    }
}

/// Returns the comparison with a constant that an expression is, parentheses around it aside.
pub fn comparison(expression: &Expression) -> Option<Comparison<'_>> {
    let extent = expression.extent;
    let ExpressionKind::Binary(binary) = &expression.bare().kind else { return None };
    let is_above = match binary.operator {
        BinaryOperator::Greater | BinaryOperator::GreaterOrEqual => true,
        BinaryOperator::Less | BinaryOperator::LessOrEqual => false,
        _ => return None,
    };
    let (left, right) = (&binary.left, &binary.right);
    match (is_constant(left), is_constant(right)) {
        (false, true) => Some(Comparison { measured: left, bound: right, is_above, extent }),
        (true, false) => {
            Some(Comparison { measured: right, bound: left, is_above: !is_above, extent })
        }
        _ => None,
    }
}

fn is_constant(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Number(_) => true,
        ExpressionKind::Parenthesized(_) | ExpressionKind::Unary(_) => {
            expression.children().into_iter().all(is_constant)
        }
        ExpressionKind::Binary(binary) => {
            !binary.operator.is_comparison() && {
                is_constant(&binary.left) && is_constant(&binary.right)
            }
        }
        _ => false,
    }
}

/// Returns what a constant is worth as it is written: `14.4 * (1 - 0.999)` is 0.0144, which in the
/// arithmetic of Prometheus it nearly is.
///
/// Nothing where it is no constant, holds a number in another form than the decimal one, or is
/// computed otherwise than by the four operations.
pub fn exact(expression: &Expression, text: &str) -> Option<Ratio> {
    value(expression, text, &mut 0)
}

fn value(expression: &Expression, text: &str, numbers: &mut usize) -> Option<Ratio> {
    match &expression.kind {
        ExpressionKind::Number(Number { nanoseconds: None, .. }) => {
            *numbers += 1;
            let written = expression.extent.slice(text);
            // `010` is eight.
            let is_octal = written.len() > 1
                && written.starts_with('0')
                && written.bytes().all(|byte| byte.is_ascii_digit());
            (*numbers <= MAX_NUMBERS && !is_octal).then(|| Ratio::parse(written))?
        }
        ExpressionKind::Parenthesized(inner) => value(inner, text, numbers),
        ExpressionKind::Unary(unary) => {
            let value = value(&unary.operand, text, numbers)?;
            Some(if unary.sign == Sign::Minus { -&value } else { value })
        }
        ExpressionKind::Binary(binary) => {
            let left = value(&binary.left, text, numbers)?;
            let right = value(&binary.right, text, numbers)?;
            match binary.operator {
                BinaryOperator::Add => Some(&left + &right),
                BinaryOperator::Subtract => Some(&left - &right),
                BinaryOperator::Multiply => Some(&left * &right),
                BinaryOperator::Divide => left.checked_div(&right),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    fn bounds(text: &str) -> Vec<(String, bool, Option<String>)> {
        let (Some(tree), problems) = parse(text) else { panic!("{text}") };
        assert_eq!(problems, [], "{text}");
        let described = |comparison: &Comparison<'_>| {
            let bound = exact(comparison.bound, text).map(|value| value.to_string());
            (comparison.measured.extent.slice(text).to_owned(), comparison.is_above, bound)
        };
        comparisons(&tree).iter().map(described).collect()
    }

    #[test]
    fn a_constant_is_worth_what_is_written() {
        for (text, worth) in [
            ("a > 14.4 * 0.001", Some("0.0144")),
            ("a > (14.4 * (1-0.999))", Some("0.0144")),
            ("a > -(1 / 8)", Some("-0.125")),
            ("a > 1e-3", Some("0.001")),
            ("a > 2 ^ 3", None),
            ("a > 0x10", None),
            ("a > 010", None),
            ("a > 5m", None),
            ("a > 1 / 0", None),
        ] {
            let expected = [("a".to_owned(), true, worth.map(str::to_owned))];
            assert_eq!(bounds(text), expected, "{text}");
        }
        let long = format!("a > {}1", "1 + ".repeat(40));
        assert_eq!(bounds(&long)[0].2, None);
    }

    #[test]
    fn every_comparison_with_a_constant_is_found_wherever_it_stands() {
        let text = "(max(a > 1) without (w) and 0.5 < b[5m:1m] == b) or 2 >= c unless a > b";
        let text = text.replace("b[5m:1m] == b", "(b)");
        let found = bounds(&text);
        let found: Vec<(&str, bool)> =
            found.iter().map(|(measured, above, _)| (measured.as_str(), *above)).collect();
        assert_eq!(found, [("a", true), ("(b)", true), ("c", false)]);
        assert!(bounds("a == 1").is_empty());
        assert!(bounds("1 > bool 2").is_empty());
    }
}
