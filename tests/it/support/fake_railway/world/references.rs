//! References between variables, `${{shared.X}}`, `${{Service.X}}` and `${{X}}`, and the
//! variables that Railway provides.

use std::collections::BTreeMap;

use super::{Scopes, World};

/// References to references to references … end here.
const DEPTH: usize = 10;

impl World {
    /// A service's variables as a deployment gets them: rendered, sealed ones too, those of
    /// Railway's own over all others.
    pub fn deployed_variables(&self, environment: &str, service: &str) -> BTreeMap<String, String> {
        let Some(known) = self.environment(environment) else {
            return BTreeMap::new();
        };
        let own = known.scopes.get(&Some(service.to_owned()));
        let mut rendered: BTreeMap<String, String> = own
            .into_iter()
            .flat_map(|variables| variables.iter())
            .map(|(name, variable)| {
                let rendering = Rendering {
                    environment,
                    scopes: &known.scopes,
                    with_sealed: true,
                };
                let text = self.render(&rendering, Some(service), &variable.raw, DEPTH);
                (name.clone(), text)
            })
            .collect();
        rendered.extend(self.provided(environment, service));
        rendered
    }

    /// A text as readers see it, its references resolved: one that leads nowhere, or to what is
    /// sealed, becomes nothing.
    pub fn shown_text(
        &self,
        environment: &str,
        scopes: &Scopes,
        service: Option<&str>,
        raw: &str,
    ) -> String {
        let rendering = Rendering {
            environment,
            scopes,
            with_sealed: false,
        };
        self.render(&rendering, service, raw, DEPTH)
    }

    fn render(
        &self,
        how: &Rendering<'_>,
        service: Option<&str>,
        raw: &str,
        depth: usize,
    ) -> String {
        let mut rendered = String::new();
        for piece in pieces(raw) {
            let reference = match piece {
                Piece::Text(text) => {
                    rendered.push_str(text);
                    continue;
                }
                Piece::Reference(reference) => reference,
            };
            let Some((scope, name)) = self.points_to(how.environment, service, reference) else {
                continue;
            };
            let target = how.scopes.get(&scope).and_then(|scope| scope.get(name));
            match (target, &scope) {
                (Some(target), _) if depth > 0 && (how.with_sealed || !target.sealed) => {
                    let scope = scope.as_deref();
                    rendered.push_str(&self.render(how, scope, &target.raw, depth - 1));
                }
                (None, Some(service)) => {
                    let provided = self.provided(how.environment, service);
                    rendered.push_str(provided.get(name).map_or("", String::as_str));
                }
                _ => {}
            }
        }
        rendered
    }

    /// The scope and the name that a reference means. Service names are case-sensitive here.
    fn points_to<'r>(
        &self,
        environment: &str,
        service: Option<&str>,
        reference: &'r str,
    ) -> Option<(Option<String>, &'r str)> {
        let Some((owner, name)) = reference.split_once('.') else {
            return Some((service.map(str::to_owned), reference));
        };
        if owner == "shared" {
            return Some((None, name));
        }
        let found = self
            .services_in(environment)
            .into_iter()
            .find(|known| known.name == owner)?;
        Some((Some(found.id.clone()), name))
    }

    /// The services that a service's variables refer to, itself left out.
    pub fn refers_to(&self, environment: &str, service: &str) -> Vec<String> {
        self.reference_targets(environment, service)
            .into_iter()
            .filter_map(|(scope, _)| scope)
            .filter(|target| target != service)
            .collect()
    }

    /// Whether a service refers to one of these shared variables.
    pub fn uses_shared(&self, environment: &str, service: &str, names: &[String]) -> bool {
        self.reference_targets(environment, service)
            .into_iter()
            .any(|(scope, name)| scope.is_none() && names.contains(&name))
    }

    fn reference_targets(&self, environment: &str, service: &str) -> Vec<(Option<String>, String)> {
        let scopes = self.environment(environment).map(|known| &known.scopes);
        scopes
            .and_then(|scopes| scopes.get(&Some(service.to_owned())))
            .into_iter()
            .flat_map(|variables| variables.values())
            .flat_map(|variable| references(&variable.raw))
            .filter_map(|reference| self.points_to(environment, Some(service), reference))
            .map(|(scope, name)| (scope, name.to_owned()))
            .collect()
    }

    /// What Railway itself puts into a service's environment.
    pub fn provided(&self, environment: &str, service: &str) -> BTreeMap<String, String> {
        let (Some(place), Some(known)) = (self.environment(environment), self.service(service))
        else {
            return BTreeMap::new();
        };
        let project = self
            .project(&place.project)
            .map_or("", |project| &project.name);
        let mut provided = vec![
            (
                "PUBLIC_DOMAIN",
                format!("{}.up.railway.example", known.name),
            ),
            ("PRIVATE_DOMAIN", format!("{}.railway.internal", known.name)),
            ("PROJECT_NAME", project.to_owned()),
            ("PROJECT_ID", place.project.clone()),
            ("ENVIRONMENT_NAME", place.name.clone()),
            ("ENVIRONMENT_ID", place.id.clone()),
            ("SERVICE_NAME", known.name.clone()),
            ("SERVICE_ID", known.id.clone()),
        ];
        if let Some(deployment) = self.latest(environment, service) {
            provided.push(("DEPLOYMENT_ID", deployment.id.clone()));
        }
        if let Some(head) = &known.head {
            provided.push(("GIT_COMMIT_SHA", head.clone()));
            provided.push(("GIT_BRANCH", "main".to_owned()));
        }
        provided
            .into_iter()
            .map(|(name, value)| (format!("RAILWAY_{name}"), value))
            .collect()
    }
}

/// Where references are resolved, and for whom.
struct Rendering<'w> {
    environment: &'w str,
    scopes: &'w Scopes,
    with_sealed: bool,
}

enum Piece<'t> {
    Text(&'t str),
    Reference(&'t str),
}

/// The texts between `${{` and `}}`.
pub fn references(raw: &str) -> Vec<&str> {
    let found = pieces(raw).into_iter().filter_map(|piece| match piece {
        Piece::Reference(reference) => Some(reference),
        Piece::Text(_) => None,
    });
    found.collect()
}

fn pieces(raw: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), raw);
    while let Some((before, tail)) = rest.split_once("${{") {
        let Some((inside, after)) = tail.split_once("}}") else {
            break;
        };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Reference(inside.trim()));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}
