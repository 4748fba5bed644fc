use super::*;

#[test]
fn columns_are_those_of_a_terminal() {
    assert_eq!(columns("80"), Some(80));
    for said in ["", "0", "-1", "wide", "65536", "18446744073709551615"] {
        assert_eq!(columns(said), None, "{said}");
    }
}
