//! The functions of one record, by their names.

use serde::{Deserialize, Serialize};

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arity {
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// In words, for an error.
    pub(crate) takes: &'static str,
}

macro_rules! functions {
    ($($variant:ident, $name:literal, $least:literal, $most:literal, $takes:literal, $describe:literal;)*) => {
        /// A function of one record ("Boolean, comparison, numeric, datetime, and other functions" in the CloudWatch
        /// Logs user guide).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Function {
            $(#[doc = concat!("`", $name, "`: ", $describe, ".")] $variant,)*
        }

        impl Function {
            /// All functions.
            pub const ALL: [Function; [$($name,)*].len()] = [$(Function::$variant,)*];

            /// The name, as AWS spells it.
            pub fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)* }
            }

            /// What it gives, in one line without a full stop.
            pub fn describe(self) -> &'static str {
                match self { $(Function::$variant => $describe,)* }
            }

            pub(crate) fn arity(self) -> Arity {
                match self {
                    $(Function::$variant => Arity { least: $least, most: $most, takes: $takes },)*
                }
            }
        }
    };
}

/// The most arguments of any function.
pub(crate) const MAX_ARGUMENTS: usize = 64;

functions! {
    Abs, "abs", 1, 1, "one number", "the absolute value";
    Ceil, "ceil", 1, 1, "one number", "the least whole number that is not smaller";
    Floor, "floor", 1, 1, "one number", "the greatest whole number that is not larger";
    Greatest, "greatest", 1, 64, "one number or more", "the largest of the numbers";
    Least, "least", 1, 64, "one number or more", "the smallest of the numbers";
    Log, "log", 1, 1, "one number", "the natural logarithm";
    Sqrt, "sqrt", 1, 1, "one number", "the square root";
    Bin, "bin", 1, 1, "a period such as 5m", "`@timestamp` rounded down to a period";
    DateFloor, "datefloor", 2, 2, "a time and a period such as 5m", "a time rounded down to a period";
    DateCeil, "dateceil", 2, 2, "a time and a period such as 5m", "a time rounded up to a period";
    FromMillis, "fromMillis", 1, 1, "one number", "the time that is so many milliseconds after 1970";
    ToMillis, "toMillis", 1, 1, "one time", "how many milliseconds a time is after 1970";
    Now, "now", 0, 0, "nothing", "when the query began, in seconds after 1970";
    IsPresent, "ispresent", 1, 1, "one name", "whether there is a value";
    Coalesce, "coalesce", 1, 64, "one value or more", "the first value that is present";
    IsValidIp, "isValidIp", 1, 1, "one text", "whether it is an IPv4 or IPv6 address";
    IsValidIpV4, "isValidIpV4", 1, 1, "one text", "whether it is an IPv4 address";
    IsValidIpV6, "isValidIpV6", 1, 1, "one text", "whether it is an IPv6 address";
    IsIpInSubnet, "isIpInSubnet", 2, 2, "an address and a subnet", "whether the address is in the subnet";
    IsIpv4InSubnet, "isIpv4InSubnet", 2, 2, "an address and a subnet", "whether the address is in the IPv4 subnet";
    IsIpv6InSubnet, "isIpv6InSubnet", 2, 2, "an address and a subnet", "whether the address is in the IPv6 subnet";
    IsEmpty, "isempty", 1, 1, "one text", "1 when the text is absent or empty, else 0";
    IsBlank, "isblank", 1, 1, "one text", "1 when the text is absent, empty or only white space, else 0";
    Concat, "concat", 1, 64, "one text or more", "the texts joined";
    LTrim, "ltrim", 1, 2, "a text and, if you like, the characters to remove", "the text without white space, or these characters, at its beginning";
    RTrim, "rtrim", 1, 2, "a text and, if you like, the characters to remove", "the text without white space, or these characters, at its end";
    Trim, "trim", 1, 2, "a text and, if you like, the characters to remove", "the text without white space, or these characters, at both ends";
    StrLen, "strlen", 1, 1, "one text", "how many characters the text has";
    ToUpper, "toupper", 1, 1, "one text", "the text in upper case";
    ToLower, "tolower", 1, 1, "one text", "the text in lower case";
    SubStr, "substr", 2, 3, "a text, where to begin and, if you like, how many characters", "a part of the text; its first character has the number 0";
    Replace, "replace", 3, 3, "a text, what to look for and what to put there", "the text with every occurrence replaced";
    StrContains, "strcontains", 2, 2, "a text and what to look for", "1 when the text contains the other, else 0";
}

impl Function {
    /// The function with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Function::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// Whether it answers yes or no: then it may stand as a condition, and is 1 or 0 as a value.
    pub(crate) fn is_test(self) -> bool {
        matches!(
            self,
            Function::IsPresent
                | Function::IsValidIp
                | Function::IsValidIpV4
                | Function::IsValidIpV6
                | Function::IsIpInSubnet
                | Function::IsIpv4InSubnet
                | Function::IsIpv6InSubnet
                | Function::IsEmpty
                | Function::IsBlank
                | Function::StrContains
        )
    }
}

/// Functions of the console that this program does not have, with what to do instead.
pub(crate) const MISSING: [(&str, &str); 3] = [
    ("jsonParse", "a flow log line holds no JSON"),
    ("jsonStringify", "a flow log line holds no JSON"),
    ("unmask", "nothing is masked here: use the name itself"),
];
