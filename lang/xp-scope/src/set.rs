//! Sets: lists without equal elements, in the order of the canonical bytes of their elements, so that equal sets are equal
//! values with equal digests.

use crate::value::Value;

/// The element at which a list is no set, and whether it equals the one before.
pub(crate) fn fault(list: &[Value]) -> Option<(usize, bool)> {
    let keys: Vec<Vec<u8>> = list.iter().map(Value::canonical).collect();
    let pairs = keys.iter().zip(keys.iter().skip(1)).enumerate();
    let mut faults = pairs.filter(|(_, (before, after))| before >= after);
    faults.next().map(|(index, (before, after))| (index + 1, before == after))
}
