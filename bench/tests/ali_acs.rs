//! An independent client, `ali-acs`, and ours make requests that the emulator
//! accepts alike.

use aliyun_sms::wire::SendSms;
use aliyun_sms::{Client, Credentials, Endpoint};
use sesame_emulator::{Account, Emulator};

const HOST: &str = "dysmsapi.aliyuncs.com";

#[tokio::test]
async fn both_clients_are_accepted_alike() -> anyhow::Result<()> {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned(), "127.0.0.1".to_owned()])?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let dir = tempfile::tempdir()?;
    let (certificate_file, key_file) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    std::fs::write(&certificate_file, &certificate)?;
    std::fs::write(&key_file, key)?;
    // The one thing it does otherwise than Aliyun's documents ask.
    let account = Account {
        require_signed_host: false,
        ..Account::default()
    };
    let emulator = Emulator::builder()
        .account(account)
        .listen("127.0.0.1:0".parse()?)
        .tls_pem(certificate_file, key_file)
        .start()
        .await?;
    let address = emulator.url().trim_start_matches("https://").parse()?;

    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve(HOST, address)
        .tls_certs_only([reqwest::Certificate::from_pem(certificate.as_bytes())?])
        .build()?;
    let theirs = ali_acs::sms::Connection::with_client(
        ali_acs::sms::Endpoint::CnHangzhou,
        ali_acs::AccessKeySecret::new("testid", "testsecret"),
        http,
    );
    let ours = Client::builder(Credentials::new("testid", "testsecret"))
        .endpoint(Endpoint::parse(emulator.url())?)
        .environment_proxy(false)
        .extra_roots_pem(certificate)
        .build()?;

    let template_param = r#"{"code":"735102"}"#;
    let request = ali_acs::sms::SendSms::new("13800138000", "阿里云短信测试", "SMS_154950909")
        .template_param(template_param.to_owned())
        .out_id("a *+~/订单".to_owned());
    theirs.send_sms(request).await?;
    let message = SendSms {
        phone_numbers: "13800138001".to_owned(),
        sign_name: "阿里云短信测试".to_owned(),
        template_code: "SMS_154950909".to_owned(),
        template_param: Some(template_param.to_owned()),
        out_id: Some("a *+~/订单".to_owned()),
        ..SendSms::default()
    };
    ours.send_sms(&message).await?;

    let messages = emulator.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].text, messages[1].text);
    assert_eq!(messages[0].out_id, messages[1].out_id);
    assert_eq!(messages[0].template_param, messages[1].template_param);
    Ok(())
}
