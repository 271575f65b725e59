//! Units as a request names them: new ones, and ones that are there.

use std::collections::HashSet;

use chassis::refusal::Violations;
use proto::shop::v1::{self, new_units::Units};

use crate::domain::{
    Serial,
    unit::{self, MAX_A_CALL, NewUnits},
};

/// Wrong serials that one answer names: an answer has to fit into a header.
const MAX_NAMED: usize = 20;

/// Checks the units of one request: how many they are in all, and that no serial comes twice.
#[derive(Debug, Default)]
pub struct UnitsCheck {
    seen: HashSet<Serial>,
    units: u64,
    wrong: usize,
}

impl UnitsCheck {
    /// Units that may be left out: then they are none.
    pub fn optional(
        &mut self,
        violations: &mut Violations,
        field: &str,
        units: Option<&v1::NewUnits>,
    ) -> Option<NewUnits> {
        match units {
            None => Some(NewUnits::Assigned(0)),
            Some(_) => self.required(violations, field, units),
        }
    }

    /// Units that must be there.
    pub fn required(
        &mut self,
        violations: &mut Violations,
        field: &str,
        units: Option<&v1::NewUnits>,
    ) -> Option<NewUnits> {
        match units.and_then(|units| units.units.as_ref()) {
            None => {
                violations.add(field, "must have serials or a quantity");
                None
            }
            Some(Units::Quantity(quantity)) => self.quantity(violations, &format!("{field}.quantity"), *quantity),
            Some(Units::Serials(serials)) => {
                let field = format!("{field}.serials.serials");
                self.serials(violations, &field, &serials.serials, Serial::given).map(NewUnits::Given)
            }
        }
    }

    /// Units that are there, however they got their serials.
    pub fn present(&mut self, violations: &mut Violations, field: &str, serials: &[String]) -> Option<Vec<Serial>> {
        self.serials(violations, field, serials, Serial::parse)
    }

    /// Notes what is wrong with all units together; `field` is what holds them.
    pub fn finish(self, violations: &mut Violations, field: &str) {
        if self.units > u64::from(MAX_A_CALL) {
            violations.add(field, "must have at most 10,000 units in all");
        }
        if self.wrong > MAX_NAMED {
            violations.add(field, format!("{} more serials are wrong", self.wrong - MAX_NAMED));
        }
    }

    fn quantity(&mut self, violations: &mut Violations, field: &str, quantity: i32) -> Option<NewUnits> {
        if let Ok(quantity @ 1..=MAX_A_CALL) = u32::try_from(quantity) {
            self.units += u64::from(quantity);
            Some(NewUnits::Assigned(quantity))
        } else {
            violations.add(field, "must be 1 to 10,000");
            None
        }
    }

    fn serials(
        &mut self,
        violations: &mut Violations,
        field: &str,
        serials: &[String],
        parse: fn(&str) -> Result<Serial, unit::Error>,
    ) -> Option<Vec<Serial>> {
        if !(1..=MAX_A_CALL as usize).contains(&serials.len()) {
            violations.add(field, "must be 1 to 10,000 serials");
            return None;
        }
        self.units += serials.len() as u64;
        let mut given = Vec::with_capacity(serials.len());
        for (index, text) in serials.iter().enumerate() {
            match self.serial(text, parse) {
                Ok(serial) => given.push(serial),
                Err(description) => {
                    self.wrong += 1;
                    if self.wrong <= MAX_NAMED {
                        violations.add(format!("{field}[{index}]"), description);
                    }
                }
            }
        }
        (given.len() == serials.len()).then_some(given)
    }

    fn serial(&mut self, text: &str, parse: fn(&str) -> Result<Serial, unit::Error>) -> Result<Serial, String> {
        let serial = parse(text).map_err(|error| error.to_string())?;
        if self.seen.insert(serial.clone()) { Ok(serial) } else { Err("comes twice in this request".to_owned()) }
    }
}
