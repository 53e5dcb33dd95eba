//! A large environment.

use std::time::Instant;

use super::{Aurora, held};

/// 50 services with 40 variables each: few requests, and every value as it was.
#[test]
fn fifty_services_of_forty_variables_take_four_requests() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let large = aurora.fake.project("aurora").environment("large");
    let services: Vec<String> = (0..50).map(|number| format!("service-{number}")).collect();
    for (number, service) in services.iter().enumerate() {
        let mut place = large.service(service);
        for variable in 0..40 {
            // a third of the names differ everywhere, a third are shared, a third are references
            let value = match variable % 3 {
                0 => format!("canary {number} {variable}"),
                1 => format!("canary shared {variable}"),
                _ => format!("${{{{service-0.NAME_{variable}}}}}"),
            };
            place = place.set(&format!("NAME_{variable}"), &value);
        }
    }
    aurora.fake.switches(|switches| switches.page_cap = 10_000);
    aurora.world.variable("RAILWAY_TOKEN", &large.token());
    let begin = Instant::now();
    aurora.run("import railway --yes").success();
    println!("import of 2000 variables: {:?}", begin.elapsed());
    let requests = aurora.fake.requests().len();
    let roots: Vec<usize> = aurora
        .fake
        .requests()
        .iter()
        .map(|one| one.roots.len())
        .collect();
    assert!(requests <= 4, "{requests} requests of {roots:?} fields");
    aurora
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    let names: Vec<&str> = services.iter().map(String::as_str).collect();
    assert!(held(&large, &names).iter().all(|vars| vars.len() == 40));
    aurora.wrote_nothing_there();
}
