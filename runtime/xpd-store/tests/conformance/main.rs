//! The conformance suite of back ends. To test another back end, add a line at the end of this file.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod cases;
mod commits;
mod custody;
mod disk;
mod site;

/// Defines each case as a test of a back end.
macro_rules! conformance {
    ($name:ident, $open:expr) => {
        mod $name {
            conformance!(@cases $open;
                cases::a_grant_goes_along_its_phases_and_no_other_way,
                cases::of_many_claims_one_wins,
                cases::a_proof_is_good_once_until_it_may_be_forgotten,
                cases::a_request_is_known_by_its_id_and_digest,
                cases::a_kill_covers_its_scope,
                cases::a_lifted_kill_covers_what_was_there_before,
                cases::a_lease_keeps_others_out_until_it_is_given_back,
                cases::a_run_keeps_its_bytes_and_is_counted_under_its_rule,
                cases::what_is_deployed_in_one_mode_is_not_found_in_the_other,
                cases::doubts_are_listed_until_they_are_left_to_a_person,
                cases::tokens_that_ran_out_are_found,
                cases::the_log_keeps_what_it_was_given,
                commits::what_fails_is_rolled_back_and_its_neighbours_are_kept,
                commits::a_failure_that_memory_cannot_follow_takes_the_commit_along,
                commits::memory_is_written_before_the_commit_and_cleared_with_it,
                commits::time_never_goes_back,
                commits::what_stops_things_goes_before_all_that_waits,
                commits::without_its_reserve_only_what_insists_is_written,
                commits::a_folder_has_one_store_and_is_free_after_it,
                commits::what_was_answered_is_there_after_a_restart,
            );
        }
    };
    (@cases $open:expr; $($module:ident::$case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(crate::site::Site::new($open)).await;
            }
        )*
    };
}

conformance!(sqlite, xpd_store::sqlite::open);
