//! A real server behind TLS: whom the product trusts, and who it says it is.

use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

use crate::backend::run::run;
use crate::backend::sample::CHECKOUT;

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Errors mean that it has ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("start openssl");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes an authority, and a server and a client that it vouches for.
fn make_certificates(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        folder,
        &format!(
            "req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority -addext keyUsage=critical,keyCertSign"
        ),
    );
    let extensions = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n";
    std::fs::write(folder.join("extensions"), extensions).unwrap();
    for name in ["server", "client"] {
        openssl(folder, &format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        openssl(
            folder,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile extensions"
            ),
        );
    }
}

/// Starts an empty Prometheus that wants to see a certificate, and returns its address.
fn start(folder: &Path) -> (Running, String) {
    let program = std::env::var_os("SLO_PROMETHEUS").expect("tests/run says where Prometheus lies");
    let web = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  \
               client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    std::fs::write(folder.join("web.yml"), web).unwrap();
    std::fs::write(folder.join("prom.yml"), "").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let child = Command::new(program)
        .args(["--config.file=prom.yml", "--web.config.file=web.yml", "--storage.tsdb.path=data"])
        .arg(format!("--web.listen-address={address}"))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start Prometheus");
    (Running(child), format!("https://{address}"))
}

#[test]
#[ignore = "needs Prometheus: tests/run provides it"]
fn prometheus_behind_tls_is_trusted_by_its_authority_and_trusts_a_certificate() {
    let folder = TempDir::new().unwrap();
    make_certificates(folder.path());
    let (_server, url) = start(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let server = format!("[backend.prod]\ntype = \"prometheus\"\nurl = \"{url}\"\nretries = 0\n");
    let authority = format!("ca-file = \"{}\"\n", path("ca.pem"));
    let client = format!(
        "client-cert-file = \"{}\"\nclient-key-file = \"{}\"\n",
        path("client.pem"),
        path("client.key")
    );

    let mut answer = run(&format!("{server}{authority}{client}"), CHECKOUT, 2);
    for _ in 0..600 {
        if answer.measurements()[0].series.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        answer = run(&format!("{server}{authority}{client}"), CHECKOUT, 2);
    }
    let warnings = &answer.measurements()[0].warnings;
    assert_eq!(warnings, &["the server has no data in all the time asked for"], "{answer:?}");

    let (word, detail) = run(&format!("{server}{client}"), CHECKOUT, 2).failure();
    assert_eq!((word, &*detail), ("unreachable", "TLS: invalid peer certificate: UnknownIssuer"));
    let (word, detail) = run(&format!("{server}{authority}"), CHECKOUT, 2).failure();
    assert_eq!(word, "unreachable", "{detail}");
}
