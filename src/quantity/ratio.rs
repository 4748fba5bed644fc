//! Exact rational numbers, read from and written as decimals.

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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(BigRational);

impl Ratio {
    /// Returns 0.
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// Returns 1.
    pub fn one() -> Self {
        Self(BigRational::one())
    }

    /// Returns a whole number.
    pub fn whole(value: impl Into<BigInt>) -> Self {
        Self(BigRational::from_integer(value.into()))
    }

    /// Returns `numerator / denominator`, or nothing when the denominator is 0.
    pub fn new(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> Option<Self> {
        let denominator = denominator.into();
        (!denominator.is_zero()).then(|| Self(BigRational::new(numerator.into(), denominator)))
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
        let value: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let power = num_traits::pow(BigInt::from(10), usize::try_from(scale.unsigned_abs()).ok()?);
        let value = value * sign;
        Some(Self(if scale < 0 {
            BigRational::new(value, power)
        } else {
            BigRational::from_integer(value * power)
        }))
    }

    /// Returns the quotient, or nothing when `divisor` is 0.
    pub fn checked_div(&self, divisor: &Self) -> Option<Self> {
        (!divisor.is_zero()).then(|| Self(&self.0 / &divisor.0))
    }

    /// Returns `1 - self`: the error budget of a target, the bad share of a good share.
    pub fn complement(&self) -> Self {
        Self(BigRational::one() - &self.0)
    }

    /// Returns whether this is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Returns whether this is below 0.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// Returns whether this is a whole number.
    pub fn is_whole(&self) -> bool {
        self.0.is_integer()
    }

    /// Returns the largest whole number that is not above this one.
    pub fn floor(&self) -> Self {
        Self(self.0.floor())
    }

    /// Returns the nearest binary float, for drawing only.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// Returns the value as a whole number of 64 bits, or nothing when it is not one.
    pub fn to_i64(&self) -> Option<i64> {
        if self.0.is_integer() { self.0.to_integer().to_i64() } else { None }
    }

    /// Returns the numerator and the denominator in lowest terms, the latter above 0, or nothing when
    /// one of them needs more than 128 bits.
    pub fn to_parts(&self) -> Option<(i128, i128)> {
        Some((self.0.numer().to_i128()?, self.0.denom().to_i128()?))
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
        let power = num_traits::pow(BigInt::from(10), digits as usize);
        let scaled = (&self.0 * BigRational::from_integer(power.clone())).round().to_integer();
        let sign = if scaled.is_negative() { "-" } else { "" };
        let (whole, rest) = scaled.abs().div_rem(&power);
        if digits == 0 {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}.{rest:0>width$}", rest = rest.to_string(), width = digits as usize)
    }

    /// Returns the decimal with at most `digits` significant digits, without an exponent: 0.0002497.
    pub fn significant(&self, digits: u32) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let mut behind = digits;
        let tenth = Self(BigRational::new(1.into(), 10.into()));
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
        Self(self.0.abs())
    }

    /// Returns the value times 100, to be followed by a percent sign.
    pub fn percent(&self) -> Self {
        self * &Self::whole(100)
    }

    /// Compares with a whole number.
    pub fn compare_whole(&self, other: i64) -> Ordering {
        self.0.cmp(&BigRational::from_integer(other.into()))
    }
}

impl fmt::Display for Ratio {
    /// Writes the exact decimal where there is one within 30 digits, else 12 significant digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        write!(formatter, "{}", self.0)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident),*) => {$(
        impl $operator for &Ratio {
            type Output = Ratio;
            fn $method(self, other: &Ratio) -> Ratio {
                Ratio((&self.0).$method(&other.0))
            }
        }
        impl $operator for Ratio {
            type Output = Ratio;
            fn $method(self, other: Ratio) -> Ratio {
                Ratio(self.0.$method(other.0))
            }
        }
    )*};
}

operators!(Add add, Sub sub, Mul mul);

impl Div<i64> for &Ratio {
    type Output = Ratio;

    /// Divides by a constant.
    ///
    /// # Panics
    ///
    /// When the constant is 0; a divisor that is not a constant goes through
    /// [`Ratio::checked_div`].
    fn div(self, divisor: i64) -> Ratio {
        Ratio(&self.0 / BigRational::from_integer(divisor.into()))
    }
}

impl Neg for &Ratio {
    type Output = Ratio;

    fn neg(self) -> Ratio {
        Ratio(-&self.0)
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

    proptest! {
        #[test]
        fn printed_and_read_again_is_the_same(mantissa in any::<i64>(), places in 0u32..25) {
            let value = Ratio::new(mantissa, num_traits::pow(BigInt::from(10), places as usize));
            let value = value.expect("a power of ten is not 0");
            prop_assert_eq!(Ratio::parse(&value.to_string()), Some(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = Ratio::parse(&text);
        }
    }
}
