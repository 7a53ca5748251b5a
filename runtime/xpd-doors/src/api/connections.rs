//! The connections of one listener. Their number is bounded in total, and the number without a complete
//! request also per peer. When a limit is reached, the oldest connection without a complete request is shed
//! for the new one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;

/// The peer of a connection, as reported by the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A host, by its address.
    Host(IpAddr),
    /// A user of this machine, by uid.
    User(u32),
    /// Not reported.
    Unknown,
}

/// A connection whose peer is known.
pub trait Peered {
    /// The peer.
    fn peer(&self) -> Peer;
}

impl Peered for TcpStream {
    fn peer(&self) -> Peer {
        self.peer_addr().map_or(Peer::Unknown, |address| Peer::Host(address.ip()))
    }
}

impl Peered for UnixStream {
    fn peer(&self) -> Peer {
        self.peer_cred().map_or(Peer::Unknown, |peer| Peer::User(peer.uid()))
    }
}

/// The set of connections of one listener.
pub(super) struct Connections {
    most: usize,
    by_peer: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    open: usize,
    /// Connections without a complete request, oldest first.
    waiting: BTreeMap<u64, (Peer, Arc<Notify>)>,
    by_peer: BTreeMap<Peer, usize>,
}

/// A slot in the set, released when dropped.
pub(super) struct Slot {
    connections: Arc<Connections>,
    peer: Peer,
    slot: Mutex<SlotState>,
    shed: Arc<Notify>,
}

/// State of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    /// Waiting for a complete request, under this number.
    Waiting(u64),
    /// A request is being answered.
    Served,
    /// Given to another connection.
    Shed,
}

impl State {
    fn leave(&mut self, number: u64) -> Option<Arc<Notify>> {
        let (peer, shed) = self.waiting.remove(&number)?;
        if let Some(count) = self.by_peer.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.by_peer.remove(&peer);
            }
        }
        Some(shed)
    }

    fn wait(&mut self, peer: Peer, shed: &Arc<Notify>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, (peer, Arc::clone(shed)));
        *self.by_peer.entry(peer).or_default() += 1;
        number
    }

    fn shed(&mut self, oldest: Option<u64>) -> bool {
        let Some(shed) = oldest.and_then(|number| self.leave(number)) else { return false };
        // The connection ends when notified, but its slot is free from now on.
        self.open -= 1;
        shed.notify_one();
        true
    }
}

impl Connections {
    /// A set of at most `most` connections, of which at most half per peer may be without a complete request.
    pub fn new(most: usize) -> Arc<Self> {
        let most = most.max(2);
        Arc::new(Self { most, by_peer: most / 2, state: Mutex::default(), changed: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a connection. Waits while all slots are taken by requests being answered.
    pub async fn enter(self: &Arc<Self>, peer: Peer) -> Slot {
        loop {
            let changed = self.changed.notified();
            if let Some(place) = self.try_enter(peer) {
                return place;
            }
            changed.await;
        }
    }

    fn try_enter(self: &Arc<Self>, peer: Peer) -> Option<Slot> {
        let mut state = self.lock();
        if state.by_peer.get(&peer).is_some_and(|count| *count >= self.by_peer) {
            let theirs = state.waiting.iter().find(|(_, (other, _))| *other == peer);
            let oldest = theirs.map(|(number, _)| *number);
            state.shed(oldest);
        }
        if state.open >= self.most {
            let oldest = state.waiting.first_key_value().map(|(number, _)| *number);
            if !state.shed(oldest) {
                return None;
            }
        }
        state.open += 1;
        let shed = Arc::new(Notify::new());
        let slot = Mutex::new(SlotState::Waiting(state.wait(peer, &shed)));
        Some(Slot { connections: Arc::clone(self), peer, slot, shed })
    }
}

impl Slot {
    fn slot(&self) -> MutexGuard<'_, SlotState> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A complete request was received: the slot cannot be shed until it is answered.
    pub fn is_served(&self) {
        let mut slot = self.slot();
        if let SlotState::Waiting(number) = *slot {
            *slot = if self.connections.lock().leave(number).is_some() {
                SlotState::Served
            } else {
                SlotState::Shed
            };
        }
    }

    /// The request was answered; the connection waits for the next.
    pub fn waits(&self) {
        let mut slot = self.slot();
        if *slot == SlotState::Served {
            *slot = SlotState::Waiting(self.connections.lock().wait(self.peer, &self.shed));
            self.connections.changed.notify_one();
        }
    }

    /// Completes when the slot is given to another connection.
    pub async fn is_shed(&self) {
        self.shed.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let slot = *self.slot();
        let mut state = self.connections.lock();
        let free = match slot {
            SlotState::Waiting(number) => state.leave(number).is_some(),
            SlotState::Served => true,
            SlotState::Shed => false,
        };
        if free {
            state.open -= 1;
        }
        drop(state);
        self.connections.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(connections: &Arc<Connections>, user: u32, count: usize) -> Vec<Slot> {
        (0..count).map(|_| connections.try_enter(Peer::User(user)).unwrap()).collect()
    }

    /// Positions of the slots that were shed.
    async fn shed(places: &[Slot]) -> Vec<usize> {
        let mut shed = Vec::new();
        for (at, place) in places.iter().enumerate() {
            tokio::select! {
                biased;
                () = place.is_shed() => shed.push(at),
                () = std::future::ready(()) => {}
            }
        }
        shed
    }

    #[tokio::test]
    async fn a_peer_is_limited_to_half_the_connections_and_sheds_its_own_oldest() {
        let connections = Connections::new(8);
        let (mine, theirs) = (users(&connections, 1, 3), users(&connections, 2, 7));
        assert_eq!((shed(&mine).await, shed(&theirs).await), (vec![], vec![0, 1, 2]));
        assert_eq!(connections.lock().open, 7);
        drop((mine, theirs));
        let left = connections.lock();
        assert_eq!((left.open, left.waiting.len(), left.by_peer.len()), (0, 0, 0));
    }

    #[tokio::test]
    async fn at_the_limit_the_oldest_connection_without_a_request_is_shed() {
        let connections = Connections::new(4);
        let first = users(&connections, 1, 2);
        first.iter().for_each(Slot::is_served);
        let mut waiting = users(&connections, 2, 1);
        waiting.extend(users(&connections, 3, 1));
        let late = users(&connections, 4, 1);
        assert_eq!((shed(&first).await, shed(&waiting).await, shed(&late).await), (vec![], vec![0], vec![]));
        // A connection whose request was answered waits again, as the youngest.
        first[0].waits();
        let later = users(&connections, 5, 1);
        assert_eq!((shed(&first).await, shed(&waiting[1..]).await), (vec![], vec![0]));
        later.iter().chain(&late).for_each(Slot::is_served);
        first[0].is_served();
        assert!(connections.try_enter(Peer::User(6)).is_none(), "all of them are being answered");
        drop(later);
        assert!(connections.try_enter(Peer::User(6)).is_some());
    }

    #[tokio::test]
    async fn a_connection_waits_while_every_slot_is_being_served() {
        let connections = Connections::new(2);
        let mut places = users(&connections, 1, 1);
        places.extend(users(&connections, 3, 1));
        places.iter().for_each(Slot::is_served);
        let (waits, frees) = tokio::join!(connections.enter(Peer::User(2)), async { places.pop().is_some() });
        assert!(frees);
        drop(waits);
        assert_eq!(connections.lock().open, 1);
    }
}
