//! The connections of one listener: so many in all, and of those that have not sent a whole request so many by one peer. For
//! a new one that finds no place the oldest of these goes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;

/// Who is at the other end, as the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A host.
    Host(IpAddr),
    /// A user of this machine.
    User(u32),
    /// The system does not say.
    Unknown,
}

/// A connection whose other end the system knows.
pub trait Peered {
    /// Who that is.
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

/// The connections of one listener.
pub(super) struct Crowd {
    most: usize,
    by_peer: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    open: usize,
    /// Those that have not sent a whole request, the oldest first.
    waiting: BTreeMap<u64, (Peer, Arc<Notify>)>,
    by_peer: BTreeMap<Peer, usize>,
}

/// A place in the crowd, until it is dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    peer: Peer,
    seat: Mutex<Seat>,
    shed: Arc<Notify>,
}

/// How a place is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    /// By who has not sent a whole request, under this number.
    Waiting(u64),
    /// By a request that is being answered.
    Served,
    /// By somebody else.
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
        // It ends as soon as it is told; its place is free from now on.
        self.open -= 1;
        shed.notify_one();
        true
    }
}

impl Crowd {
    /// `most` connections; of those that have not sent a whole request, half as many by one peer.
    pub fn new(most: usize) -> Arc<Self> {
        let most = most.max(2);
        Arc::new(Self { most, by_peer: most / 2, state: Mutex::default(), changed: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection. It is waited for while every place is taken by a request that is being answered.
    pub async fn enter(self: &Arc<Self>, peer: Peer) -> Place {
        loop {
            let changed = self.changed.notified();
            if let Some(place) = self.try_enter(peer) {
                return place;
            }
            changed.await;
        }
    }

    fn try_enter(self: &Arc<Self>, peer: Peer) -> Option<Place> {
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
        let seat = Mutex::new(Seat::Waiting(state.wait(peer, &shed)));
        Some(Place { crowd: Arc::clone(self), peer, seat, shed })
    }
}

impl Place {
    fn seat(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A whole request came: nobody takes this place until it is answered.
    pub fn is_served(&self) {
        let mut seat = self.seat();
        if let Seat::Waiting(number) = *seat {
            *seat = if self.crowd.lock().leave(number).is_some() { Seat::Served } else { Seat::Shed };
        }
    }

    /// The request was answered; the next one is waited for.
    pub fn waits(&self) {
        let mut seat = self.seat();
        if *seat == Seat::Served {
            *seat = Seat::Waiting(self.crowd.lock().wait(self.peer, &self.shed));
            self.crowd.changed.notify_one();
        }
    }

    /// Comes back when somebody else takes the place.
    pub async fn is_shed(&self) {
        self.shed.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let seat = *self.seat();
        let mut state = self.crowd.lock();
        let free = match seat {
            Seat::Waiting(number) => state.leave(number).is_some(),
            Seat::Served => true,
            Seat::Shed => false,
        };
        if free {
            state.open -= 1;
        }
        drop(state);
        self.crowd.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(crowd: &Arc<Crowd>, user: u32, count: usize) -> Vec<Place> {
        (0..count).map(|_| crowd.try_enter(Peer::User(user)).unwrap()).collect()
    }

    /// Which of them were shed, by their positions.
    async fn shed(places: &[Place]) -> Vec<usize> {
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
    async fn one_peer_takes_half_and_pushes_out_its_own_oldest() {
        let crowd = Crowd::new(8);
        let (mine, theirs) = (users(&crowd, 1, 3), users(&crowd, 2, 7));
        assert_eq!((shed(&mine).await, shed(&theirs).await), (vec![], vec![0, 1, 2]));
        assert_eq!(crowd.lock().open, 7);
        drop((mine, theirs));
        let left = crowd.lock();
        assert_eq!((left.open, left.waiting.len(), left.by_peer.len()), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_full_house_sheds_the_oldest_that_has_sent_no_request() {
        let crowd = Crowd::new(4);
        let first = users(&crowd, 1, 2);
        first.iter().for_each(Place::is_served);
        let mut waiting = users(&crowd, 2, 1);
        waiting.extend(users(&crowd, 3, 1));
        let late = users(&crowd, 4, 1);
        assert_eq!((shed(&first).await, shed(&waiting).await, shed(&late).await), (vec![], vec![0], vec![]));
        // One that was answered waits again, and is the youngest.
        first[0].waits();
        let later = users(&crowd, 5, 1);
        assert_eq!((shed(&first).await, shed(&waiting[1..]).await), (vec![], vec![0]));
        later.iter().chain(&late).for_each(Place::is_served);
        first[0].is_served();
        assert!(crowd.try_enter(Peer::User(6)).is_none(), "all of them are being answered");
        drop(later);
        assert!(crowd.try_enter(Peer::User(6)).is_some());
    }

    #[tokio::test]
    async fn a_place_is_waited_for_while_all_are_being_answered() {
        let crowd = Crowd::new(2);
        let mut places = users(&crowd, 1, 1);
        places.extend(users(&crowd, 3, 1));
        places.iter().for_each(Place::is_served);
        let (waits, frees) = tokio::join!(crowd.enter(Peer::User(2)), async { places.pop().is_some() });
        assert!(frees);
        drop(waits);
        assert_eq!(crowd.lock().open, 1);
    }
}
