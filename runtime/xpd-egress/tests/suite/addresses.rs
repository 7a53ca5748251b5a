//! Which addresses may be reached.

use std::net::IpAddr;

use reqwest::Url;
use xpd_egress::{Reach, may_carry_secrets};

fn reach(named: &[&str]) -> Result<Reach, String> {
    Reach::parse(&named.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn global_unicast_addresses_may_be_reached_and_no_others() {
    let reach = Reach::default();
    for (text, may) in [
        ("8.8.8.8", true),
        ("1.1.1.1", true),
        ("93.184.216.34", true),
        ("172.15.255.255", true),
        ("172.32.0.0", true),
        ("100.63.255.255", true),
        ("100.128.0.0", true),
        ("198.17.255.255", true),
        ("198.20.0.0", true),
        ("223.255.255.255", true),
        ("192.0.1.0", true),
        ("2606:4700::1111", true),
        ("2a00:1450::1", true),
        ("2001:200::1", true),
        ("::ffff:8.8.8.8", true),
        ("64:ff9b::8.8.8.8", true),
        ("0.0.0.0", false),
        ("0.1.2.3", false),
        ("10.0.0.1", false),
        ("10.255.255.255", false),
        ("100.64.0.1", false),
        ("100.100.100.200", false),
        ("127.0.0.1", false),
        ("127.255.255.254", false),
        ("168.63.129.16", false),
        ("169.254.169.254", false),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("192.0.0.192", false),
        ("192.0.2.1", false),
        ("192.88.99.1", false),
        ("192.168.1.1", false),
        ("198.18.0.1", false),
        ("198.19.255.255", false),
        ("198.51.100.1", false),
        ("203.0.113.1", false),
        ("224.0.0.1", false),
        ("239.255.255.255", false),
        ("240.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("::1", false),
        ("::127.0.0.1", false),
        ("::10.0.0.1", false),
        ("::ffff:127.0.0.1", false),
        ("::ffff:169.254.169.254", false),
        ("::ffff:0:127.0.0.1", false),
        ("64:ff9b::10.0.0.1", false),
        ("64:ff9b::169.254.169.254", false),
        ("64:ff9b:1::8.8.8.8", false),
        ("100::1", false),
        ("2001::1", false),
        ("2001:2::1", false),
        ("2001:10::1", false),
        ("2001:db8::1", false),
        ("2002:7f00:1::", false),
        ("2002:808:808::", false),
        ("3fff::1", false),
        ("5f00::1", false),
        ("fc00::1", false),
        ("fd00:ec2::254", false),
        ("fe80::1", false),
        ("fec0::1", false),
        ("ff02::1", false),
    ] {
        assert_eq!(reach.permits(address(text)), may, "{text}");
    }
}

#[test]
fn the_operator_names_others() {
    for (named, text, may) in [
        ("10.0.0.0/8", "10.1.2.3", true),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("10.0.0.0/8", "64:ff9b::10.1.2.3", true),
        ("10.0.0.0/8", "2002:a00:1::", false),
        ("10.0.0.0/8", "11.0.0.1", true),
        ("10.0.0.0/8", "127.0.0.1", false),
        ("10.0.0.0/31", "10.0.0.1", true),
        ("10.0.0.0/31", "10.0.0.2", false),
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false),
        ("127.0.0.1", "::1", false),
        ("127.0.0.1/32", "127.0.0.1", true),
        ("::1", "::1", true),
        ("::1", "127.0.0.1", false),
        ("fd00::/8", "fd12::1", true),
        ("fd00::/8", "fc00::1", false),
        ("::ffff:10.0.0.0/104", "::ffff:10.0.0.1", true),
        ("0.0.0.0/0", "169.254.1.1", true),
        ("0.0.0.0/0", "fe80::1", false),
        ("::/0", "fe80::1", true),
    ] {
        assert_eq!(reach(&[named]).unwrap().permits(address(text)), may, "{named} {text}");
    }
    assert!(reach(&["::1", "10.0.0.0/8"]).unwrap().permits(address("10.0.0.1")));
    assert!(reach(&["8.0.0.0/8"]).unwrap().permits(address("1.1.1.1")));
}

#[test]
fn what_is_no_network_is_refused_with_a_cure() {
    for bad in [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "fd00::/129",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10/8",
        "x",
        "ghe.example",
        "0x7f.1",
        "127.1",
        "[::1]",
        "10.0.0.0/8/8",
        " 10.0.0.1",
        "10.0.0.1:80",
        "fe80::1%eth0",
    ] {
        let error = reach(&[bad]).unwrap_err();
        assert_eq!(error, format!("`{bad}` is no address and no network such as `10.0.0.0/8`"));
    }
    for (bad, cure) in [("10.0.0.1/8", "10.0.0.0/8"), ("fd00::1/8", "fd00::/8"), ("1.2.3.4/0", "0.0.0.0/0")] {
        let error = reach(&[bad]).unwrap_err();
        assert_eq!(error, format!("`{bad}` has bits after its prefix; write `{cure}`"));
        assert!(reach(&[cure]).is_ok());
    }
    assert!(reach(&["10.0.0.1"; 256]).is_ok());
    assert!(reach(&["10.0.0.1"; 257]).unwrap_err().contains("more than 256"));
}

#[test]
fn secrets_travel_encrypted_or_stay_on_the_machine() {
    for (url, may) in [
        ("https://api.example.org", true),
        ("https://localhost", true),
        ("http://127.0.0.1:8080/hook", true),
        ("http://127.255.0.1", true),
        ("http://[::1]:1", true),
        ("http://api.example.org", false),
        ("http://localhost:1", false),
        ("http://127.0.0.1.example", false),
        ("http://[::ffff:127.0.0.1]", false),
        ("http://10.0.0.1", false),
        ("http://0.0.0.0", false),
        ("http://user@127.0.0.1.example", false),
        ("ftp://127.0.0.1", false),
        ("data:text", false),
    ] {
        assert_eq!(may_carry_secrets(&Url::parse(url).unwrap()), may, "{url}");
    }
}
