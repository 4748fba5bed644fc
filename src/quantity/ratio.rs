//! Exact rational numbers, read from and written as decimals.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Add;
use std::ops::Div;
use std::ops::Mul;
use std::ops::Neg;
use std::ops::Sub;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::CheckedAdd;
use num_traits::CheckedDiv;
use num_traits::CheckedMul;
use num_traits::CheckedSub;
use num_traits::One;
use num_traits::Signed;
use num_traits::ToPrimitive;
use num_traits::Zero;
use serde::Serialize;
use serde::Serializer;

/// The largest power of ten that a decimal may carry.
///
/// It keeps `1e999999999` from filling memory; no target, count or threshold comes near.
const MAX_EXPONENT: i64 = 400;

/// An exact rational number: a target, a share, a count of events, a burn rate.
///
/// Dimensionless unless the name of the value says otherwise. It may be negative or above 1.
///
/// # Why
///
/// Nearly every number of a definition fits two words of 64 bits. Those are kept and computed with in
/// place; what overflows, and only that, goes on with integers of any size.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ratio(Number);

/// A number in lowest terms. One that fits is always `Small`, so that equal numbers are equal values.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Number {
    /// Neither part is the least of 64 bits, which has no opposite.
    Small(Small),
    Big(Box<BigRational>),
}

type Small = num_rational::Ratio<i64>;

impl Number {
    fn small(value: Small) -> Option<Self> {
        (*value.numer() != i64::MIN).then_some(Self::Small(value))
    }

    fn of_big(value: BigRational) -> Self {
        let small = || {
            let (numer, denom) = (value.numer().to_i64()?, value.denom().to_i64()?);
            Self::small(Small::new_raw(numer, denom))
        };
        small().unwrap_or_else(|| Self::Big(Box::new(value)))
    }

    /// Returns `numerator / denominator`; `denominator` is not 0.
    fn of_parts(numerator: i128, denominator: i128) -> Self {
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) if numerator.min(denominator) > i64::MIN => {
                Self::Small(Small::new(numerator, denominator))
            }
            _ => Self::of_big(BigRational::new(numerator.into(), denominator.into())),
        }
    }

    /// Returns what an operation gives: on two words where both fit and nothing overflows.
    fn combine(
        &self,
        other: &Self,
        small: impl FnOnce(&Small, &Small) -> Option<Small>,
        big: impl FnOnce(&BigRational, &BigRational) -> BigRational,
    ) -> Self {
        let fast = match (self, other) {
            (Self::Small(left), Self::Small(right)) => small(left, right).and_then(Self::small),
            _ => None,
        };
        fast.unwrap_or_else(|| Self::of_big(big(&self.to_big(), &other.to_big())))
    }

    fn to_big(&self) -> Cow<'_, BigRational> {
        match self {
            Self::Small(value) => {
                Cow::Owned(BigRational::new_raw((*value.numer()).into(), (*value.denom()).into()))
            }
            Self::Big(value) => Cow::Borrowed(value),
        }
    }
}

impl Ratio {
    /// Returns 0.
    pub fn zero() -> Self {
        Self(Number::Small(Small::zero()))
    }

    /// Returns 1.
    pub fn one() -> Self {
        Self(Number::Small(Small::one()))
    }

    /// Returns a whole number.
    pub fn whole(value: impl Into<i128>) -> Self {
        let value = value.into();
        let small = i64::try_from(value).ok().map(Small::from_integer).and_then(Number::small);
        Self(small.unwrap_or_else(|| Number::of_parts(value, 1)))
    }

    /// Returns `numerator / denominator`, or nothing when the denominator is 0.
    pub fn new(numerator: impl Into<i128>, denominator: impl Into<i128>) -> Option<Self> {
        let denominator = denominator.into();
        (denominator != 0).then(|| Self(Number::of_parts(numerator.into(), denominator)))
    }

    /// Reads a decimal such as `99.9`, `-0.5`, `.5`, `5.` or `1e-3`.
    ///
    /// Nothing for text that is not one: `99.9%`, `.inf`, `1_000`, an empty string, or an exponent
    /// beyond ±400.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.as_bytes().first()? {
            b'-' => (-1, mantissa.get(1..)?),
            b'+' => (1, mantissa.get(1..)?),
            _ => (1, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let scale = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if scale.abs() > MAX_EXPONENT || digits.len() > 1000 {
            return None;
        }
        let power = usize::try_from(scale.unsigned_abs()).ok()?;
        // Eighteen digits and as large a power of ten fit, and so does their product.
        if digits.len() <= 18 && power <= 18 {
            let digits = whole.bytes().chain(fraction.bytes());
            let value = digits.fold(0, |value, digit| value * 10 + i128::from(digit - b'0')) * sign;
            let power = num_traits::pow(10, power);
            let (value, power) = if scale < 0 { (value, power) } else { (value * power, 1) };
            return Some(Self(Number::of_parts(value, power)));
        }
        let value: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let power = num_traits::pow(BigInt::from(10), power);
        let value = value * sign;
        Some(Self(Number::of_big(if scale < 0 {
            BigRational::new(value, power)
        } else {
            BigRational::from_integer(value * power)
        })))
    }

    /// Returns the quotient, or nothing when `divisor` is 0.
    pub fn checked_div(&self, divisor: &Self) -> Option<Self> {
        if *divisor == Self::one() {
            return Some(self.clone());
        }
        let quotient =
            || self.0.combine(&divisor.0, CheckedDiv::checked_div, |left, right| left / right);
        (!divisor.is_zero()).then(|| Self(quotient()))
    }

    /// Returns `1 - self`: the error budget of a target, the bad share of a good share.
    pub fn complement(&self) -> Self {
        // `1 - a / b` is `(b - a) / b`, which has the lowest terms that `a / b` has.
        let small = match &self.0 {
            Number::Small(value) => {
                let rest = i64::checked_sub(*value.denom(), *value.numer());
                rest.and_then(|rest| Number::small(Small::new_raw(rest, *value.denom())))
            }
            Number::Big(_) => None,
        };
        small.map_or_else(|| &Self::one() - self, Self)
    }

    /// Returns whether this is 0.
    pub fn is_zero(&self) -> bool {
        matches!(&self.0, Number::Small(value) if value.is_zero())
    }

    /// Returns whether this is below 0.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Number::Small(value) => *value.numer() < 0,
            Number::Big(value) => value.is_negative(),
        }
    }

    /// Returns whether this is a part of a whole: above 0 and below 1.
    pub fn is_part(&self) -> bool {
        !self.is_zero() && !self.is_negative() && *self < Self::one()
    }

    /// Returns whether this is a whole number.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Number::Small(value) => value.is_integer(),
            Number::Big(value) => value.is_integer(),
        }
    }

    /// Returns the largest whole number that is not above this one.
    pub fn floor(&self) -> Self {
        Self(match &self.0 {
            Number::Small(value) => {
                Number::of_parts(value.numer().div_floor(value.denom()).into(), 1)
            }
            Number::Big(value) => Number::of_big(value.floor()),
        })
    }

    /// Returns the nearest binary float, for drawing only.
    pub fn to_f64(&self) -> f64 {
        self.0.to_big().to_f64().unwrap_or(f64::NAN)
    }

    /// Returns the value as a whole number of 64 bits, or nothing when it is not one.
    pub fn to_i64(&self) -> Option<i64> {
        let (numer, denom) = self.to_parts()?;
        if denom == 1 { numer.try_into().ok() } else { None }
    }

    /// Returns the numerator and the denominator in lowest terms, the latter above 0, or nothing when
    /// one of them needs more than 128 bits.
    pub fn to_parts(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Number::Small(value) => Some(((*value.numer()).into(), (*value.denom()).into())),
            Number::Big(value) => Some((value.numer().to_i128()?, value.denom().to_i128()?)),
        }
    }

    /// Returns the decimal with at most `digits` digits behind the point, rounded half away from
    /// zero, without trailing zeros.
    pub fn rounded(&self, digits: u32) -> String {
        let mut text = self.fixed(digits);
        if text.contains('.') {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        if text == "-0" { "0".to_owned() } else { text }
    }

    /// Returns the decimal with exactly `digits` digits behind the point, rounded half away from
    /// zero.
    pub fn fixed(&self, digits: u32) -> String {
        let (is_negative, whole, rest) = match &self.0 {
            Number::Small(value) if digits <= 18 => {
                let power = 10_u128.pow(digits);
                let denom = u128::from(value.denom().unsigned_abs());
                let (scaled, left) =
                    (u128::from(value.numer().unsigned_abs()) * power).div_rem(&denom);
                let scaled = scaled + u128::from(2 * left >= denom);
                let (whole, rest) = scaled.div_rem(&power);
                let is_negative = *value.numer() < 0 && scaled > 0;
                (is_negative, whole.to_string(), rest.to_string())
            }
            number => {
                let power = num_traits::pow(BigInt::from(10), digits as usize);
                let scaled = number.to_big().as_ref() * BigRational::from_integer(power.clone());
                let scaled = scaled.round().to_integer();
                let (whole, rest) = scaled.abs().div_rem(&power);
                (scaled.is_negative(), whole.to_string(), rest.to_string())
            }
        };
        let sign = if is_negative { "-" } else { "" };
        if digits == 0 {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}.{rest:0>width$}", width = digits as usize)
    }

    /// Returns how many digits behind the point write the value exactly; nothing where more than 18 do,
    /// or none.
    fn exact_digits(&self) -> Option<u32> {
        let Number::Small(value) = &self.0 else { return None };
        (0..=18).find(|digits| 10_i64.pow(*digits) % value.denom() == 0)
    }

    /// Returns the decimal with at most `digits` significant digits, without an exponent: 0.0002497.
    pub fn significant(&self, digits: u32) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let mut behind = digits;
        let tenth = &Self::one() / 10;
        let mut size = self.abs();
        while size < tenth && behind < 60 {
            size = &size * &Self::whole(10);
            behind += 1;
        }
        while size >= Self::one() && behind > 0 {
            size = &size * &tenth;
            behind -= 1;
        }
        self.rounded(behind)
    }

    /// Returns the value without its sign.
    pub fn abs(&self) -> Self {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// Returns the value times 100, to be followed by a percent sign.
    pub fn percent(&self) -> Self {
        self * &Self::whole(100)
    }

    /// Compares with a whole number.
    pub fn compare_whole(&self, other: i64) -> Ordering {
        self.cmp(&Self::whole(other))
    }
}

impl fmt::Display for Ratio {
    /// Writes the exact decimal where there is one within 30 digits, else 12 significant digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(digits) = self.exact_digits() {
            return formatter.pad(&self.fixed(digits));
        }
        let exact = self.rounded(30);
        if Self::parse(&exact).as_ref() == Some(self) {
            formatter.pad(&exact)
        } else {
            formatter.pad(&self.significant(12))
        }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.to_big())
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident $checked:ident $checked_method:ident),*) => {$(
        impl $operator for &Ratio {
            type Output = Ratio;
            fn $method(self, other: &Ratio) -> Ratio {
                let big = |left: &BigRational, right: &BigRational| left.$method(right);
                Ratio(self.0.combine(&other.0, $checked::$checked_method, big))
            }
        }
        impl $operator for Ratio {
            type Output = Ratio;
            fn $method(self, other: Ratio) -> Ratio {
                (&self).$method(&other)
            }
        }
    )*};
}

operators!(
    Add add CheckedAdd checked_add,
    Sub sub CheckedSub checked_sub,
    Mul mul CheckedMul checked_mul
);

impl Div<i64> for &Ratio {
    type Output = Ratio;

    /// Divides by a constant.
    ///
    /// # Panics
    ///
    /// When the constant is 0; a divisor that is not a constant goes through
    /// [`Ratio::checked_div`].
    fn div(self, divisor: i64) -> Ratio {
        self.checked_div(&Ratio::whole(divisor)).expect("a constant that is not 0")
    }
}

impl Neg for &Ratio {
    type Output = Ratio;

    fn neg(self) -> Ratio {
        &Ratio::zero() - self
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Number::Small(left), Number::Small(right)) => {
                let across =
                    |one: &Small, two: &Small| i128::from(*one.numer()) * i128::from(*two.denom());
                across(left, right).cmp(&across(right, left))
            }
            (left, right) => left.to_big().cmp(&right.to_big()),
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::iter::Sum for Ratio {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::zero(), |sum, value| sum + value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::parse(text).expect("a decimal")
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(ratio("0.9995").complement(), ratio("0.0005"));
        assert_eq!(&ratio("99.9") / 100, ratio("0.999"));
        assert_eq!(ratio("1e-3"), ratio(".001"));
        assert_eq!(ratio("14.40").to_string(), "14.4");
        assert_eq!(Ratio::new(1, 3).map(|third| third.to_string()), Some("0.333333333333".into()));
    }

    #[test]
    fn text_that_is_not_a_decimal_is_refused() {
        for text in
            ["", "-", ".", "99.9%", ".inf", "1_000", "0x1F", "1e999999999", "1e", "--1", "٣"]
        {
            assert_eq!(Ratio::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn rounding_goes_away_from_zero() {
        assert_eq!(ratio("0.125").fixed(2), "0.13");
        assert_eq!(ratio("-0.125").fixed(2), "-0.13");
        assert_eq!(ratio("-0.001").rounded(2), "0");
        assert_eq!(ratio("0.00024975").significant(3), "0.00025");
        assert_eq!(ratio("12401.4").significant(3), "12401");
        assert_eq!(ratio("0.69444444").significant(3), "0.694");
    }

    /// Numbers around the edges of 64 bits as well as everyday ones; never 0.
    fn part() -> impl Strategy<Value = i128> {
        let edges = [i64::MIN.into(), i64::MAX.into(), i128::MIN, i128::MAX];
        let edge = (prop::sample::select(edges.to_vec()), -2..=2_i128);
        let edge = edge.prop_map(|(edge, by): (i128, i128)| edge.saturating_add(by));
        let number = prop_oneof![edge, any::<i64>().prop_map(i128::from), -1000..1000_i128];
        number.prop_filter("a denominator is not 0", |number| *number != 0)
    }

    proptest! {
        #[test]
        fn printed_and_read_again_is_the_same(mantissa in any::<i64>(), places in 0u32..25) {
            let value = Ratio::new(mantissa, 10_i128.pow(places));
            let value = value.expect("a power of ten is not 0");
            prop_assert_eq!(Ratio::parse(&value.to_string()), Some(value));
        }

        #[test]
        fn a_complement_is_what_is_left_of_one(numer in any::<i64>(), denom in 1..=i64::MAX) {
            let value = Ratio::new(numer, denom).expect("the denominator is not 0");
            prop_assert_eq!(value.complement(), &Ratio::one() - &value);
        }

        #[test]
        fn two_words_compute_like_integers_of_any_size(
            left in (part(), part()),
            right in (part(), part()),
            digits in 0_u32..25,
        ) {
            let both = |(numer, denom): (i128, i128)| {
                let big = BigRational::new(numer.into(), denom.into());
                (Ratio::new(numer, denom).expect("no part is 0"), big)
            };
            let ((one, big_one), (two, big_two)) = (both(left), both(right));
            let equal = |ratio: &Ratio, big: &BigRational| {
                // One number has one form, or two equal ones would differ.
                ratio.0 == Number::of_big(big.clone()) && *ratio.0.to_big() == *big
            };
            prop_assert!(equal(&one, &big_one));
            prop_assert!(equal(&(&one + &two), &(&big_one + &big_two)));
            prop_assert!(equal(&(&one - &two), &(&big_one - &big_two)));
            prop_assert!(equal(&(&one * &two), &(&big_one * &big_two)));
            prop_assert!(equal(&one.checked_div(&two).expect("not 0"), &(&big_one / &big_two)));
            prop_assert!(equal(&-&one, &-&big_one));
            prop_assert!(equal(&one.abs(), &big_one.abs()));
            prop_assert!(equal(&one.floor(), &big_one.floor()));
            prop_assert_eq!(one.cmp(&two), big_one.cmp(&big_two));
            prop_assert_eq!(one.is_negative(), big_one.is_negative());
            let slow = Ratio(Number::Big(Box::new(big_one)));
            prop_assert_eq!(one.fixed(digits), slow.fixed(digits));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = Ratio::parse(&text);
        }
    }
}
