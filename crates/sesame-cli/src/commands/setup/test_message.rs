//! A message to a phone of the operator's, followed to its delivery report.

use std::time::Duration;

use sesame_connector::config::ConnectorConfig;
use sesame_connector::doctor::{self, Check, Level};
use sesame_connector::{Connector, Draft, OutId, PhoneNumber, UsageType};

use super::guide::{Guide, Stop};
use super::progress::Test;
use crate::commands::doctor::line;
use crate::commands::send::random_code;
use crate::fault::Fault;

/// How long its report is waited for.
const REPORT_WAIT: Duration = Duration::from_secs(60);

impl Guide {
    pub(super) async fn test_message(&mut self) -> Result<(), Stop> {
        let connector = self.connector()?;
        loop {
            let is_over = match self.progress.test.clone() {
                Some(test) => self.look_for(&connector, &test).await?,
                None => self.offer(&connector).await?,
            };
            if is_over {
                return Ok(());
            }
        }
    }

    /// Sends one, if that is wanted. Whether that is all.
    async fn offer(&mut self, connector: &Connector) -> Result<bool, Stop> {
        self.terminal.say(
            "A real message, at the price of one: to which number? Best with its country code, +86 138 0013 8000; Enter sends none.",
            "将发送一条真实短信（按正常价格计费）。请输入接收号码，最好带国家码，例如 +86 138 0013 8000；直接按回车则不发送。",
        );
        match self.ask_number(connector).await? {
            Some(to) => self.send_test(connector, &to).await,
            None => Ok(true),
        }
    }

    fn connector(&self) -> Result<Connector, Stop> {
        let config = ConnectorConfig::load(&self.config).map_err(|error| {
            let shown = self.config.display();
            Fault::bad_input(
                format!("{shown}: {error}"),
                format!("run: sesame config check {shown}"),
            )
        })?;
        let connector = Connector::from_config(config, self.source.clone());
        Ok(connector.map_err(|error| {
            Fault::failed(error.to_string(), "check this machine's certificates")
        })?)
    }

    async fn ask_number(&self, connector: &Connector) -> Result<Option<PhoneNumber>, Stop> {
        let t = self.terminal;
        loop {
            let question = t.pick("Phone number", "接收号码");
            let Some(typed) = t.ask_if_any(question).await? else {
                return Ok(None);
            };
            match connector.phone(&typed) {
                Ok(number) => return Ok(Some(number)),
                Err(error) => {
                    let (cause, cure) = (error.cause(), error.cure());
                    t.say(
                        &format!("{}; {}.", cause.en, cure.en),
                        &format!("{}；{}。", cause.zh, cure.zh),
                    );
                }
            }
        }
    }

    /// Sends one, and writes down before that it may have been sent. Whether
    /// that is all.
    async fn send_test(&mut self, connector: &Connector, to: &PhoneNumber) -> Result<bool, Stop> {
        let t = self.terminal;
        let out_id = OutId::new(&*self.source);
        self.progress.test = Some(Test {
            to: to.e164().to_owned(),
            out_id: out_id.as_str().to_owned(),
            sent_at: self.source.now(),
        });
        self.save()?;
        let code = random_code(&*self.source);
        let usage_type = UsageType::SignIn.as_str();
        let draft = Draft {
            out_id: Some(out_id),
            ..Draft::of_code(to.e164(), usage_type, &code)
        };
        t.progress(line::sending(t.language));
        let check = doctor::send_test_draft(connector, draft, REPORT_WAIT).await;
        t.progress("");
        self.conclude(&check).await
    }

    /// Tells what became of one. Whether that is all.
    async fn conclude(&mut self, check: &Check) -> Result<bool, Stop> {
        let t = self.terminal;
        self.tell(check);
        if check.level == Level::Ok {
            return Ok(true);
        }
        if check.level == Level::Failure {
            // Nothing is under way any more, if anything ever was.
            self.forget_test()?;
        }
        let options = [
            t.pick("that will do", "到此为止"),
            t.pick("send another one", "再发送一条"),
            t.pick("leave, and come back later", "离开，稍后再来"),
        ];
        let usual = usize::from(check.level == Level::Failure);
        match t.choose(&options.map(str::to_owned), usual).await? {
            0 => Ok(true),
            1 => self.forget_test().map(|()| false),
            _ => Err(Stop::Left),
        }
    }

    fn forget_test(&mut self) -> Result<(), Stop> {
        self.progress.test = None;
        self.save()
    }

    /// What became of one that an interrupted run had sent, or was about to.
    /// None is sent again unless the operator says so. Whether that is all.
    async fn look_for(&mut self, connector: &Connector, test: &Test) -> Result<bool, Stop> {
        let t = self.terminal;
        let known = connector
            .phone(&test.to)
            .ok()
            .zip(OutId::parse(&test.out_id).ok());
        let Some((to, out_id)) = known else {
            return self.forget_test().map(|()| false);
        };
        let masked = to.masked();
        if self.progress.gift_alone {
            t.say(
                &format!("A test message to {masked} was under way. It cannot be asked what became of it, since PNVS does not tell; look at the phone."),
                &format!("此前已开始向 {masked} 发送测试短信。短信认证（PNVS）不支持查询结果，请查看手机。"),
            );
            return self.wants_no_other(false).await;
        }
        t.say(
            &format!("A test message to {masked} was under way. Asking what became of it …"),
            &format!("此前已开始向 {masked} 发送测试短信，正在查询其结果…"),
        );
        let found = doctor::look_for_test(connector, &to, out_id, test.sent_at, REPORT_WAIT).await;
        if let Some(check) = found {
            return self.conclude(&check).await;
        }
        let may_be_elsewhere = self.progress.gift.is_some();
        if may_be_elsewhere {
            t.say(
                "Aliyun does not list it: it was not sent, or it went by PNVS, which cannot be asked. Look at the phone.",
                "阿里云没有这条记录：可能没有发出，也可能经短信认证（PNVS）发出（无法查询）；请查看手机。",
            );
        } else {
            t.say(
                "Aliyun does not list it. Most likely it was not sent; look at the phone.",
                "阿里云没有这条记录，很可能没有发出；请查看手机。",
            );
        }
        self.wants_no_other(!may_be_elsewhere).await
    }

    /// Whether none is to be sent in the place of one in doubt.
    async fn wants_no_other(&mut self, usual: bool) -> Result<bool, Stop> {
        let question = self.terminal.pick("Send one now?", "现在发送一条？");
        if !self.terminal.confirm(question, usual).await? {
            return Ok(true);
        }
        self.forget_test().map(|()| false)
    }
}
