// What the gateway answers: the table of section 4.1.

import http from "node:http";

import { behaviour, note } from "./knobs.mjs";
import * as words from "./words.mjs";

const JSON_TYPE = "application/json; charset=utf-8";
const TEXT_TYPE = "text/plain; charset=utf-8";
const HTML_TYPE = "text/html; charset=utf-8";

const json = (status, body, headers = {}) => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(body),
  headers,
});
const text = (status, body, headers = {}) => ({ status, type: TEXT_TYPE, body, headers });
const error = (status, type, message, headers) => json(status, { error: { message, type } }, headers);
const html = () => ({ status: 200, type: HTML_TYPE, body: "<!doctype html>\n<html></html>\n" });
const notFound = () => text(404, "Not Found");
const only = (...methods) => text(405, "Method Not Allowed", { Allow: methods.join(", ") });

/** The token of a request: after `Bearer`, whose case does not matter. */
function bearer(request) {
  return /^bearer\s+(\S.*)$/i.exec(request.headers.authorization ?? "")?.[1].trim();
}

function judge(call, secret) {
  if (call.given === undefined) call.kind = "none";
  else call.kind = call.given === secret ? "right" : "wrong";
}

/** Looks at a credential: `undefined` if it is good, else the answer. */
async function refuse(call, secret, limiter, answers) {
  judge(call, secret);
  const wait = limiter.locked(call.ip);
  if (wait) return answers.locked(wait);
  if (call.kind === "right") {
    limiter.right(call.ip);
    return undefined;
  }
  if (call.kind === "wrong") await limiter.wrong(call.ip);
  return answers.unauthorized();
}

async function unauthorized(call, gateway) {
  if (call.forwarded) return error(403, "proxy_attribution_required", words.PROXY);
  if (gateway.mode === "none") return undefined;
  return await refuse(call, gateway.token, gateway.limiter, {
    unauthorized: () => error(401, "unauthorized", "Unauthorized"),
    locked: (wait) =>
      error(429, "rate_limited", words.LOCKED, { "Retry-After": String(wait) }),
  });
}

function parse(body) {
  try {
    return { value: body === "" ? {} : JSON.parse(body) };
  } catch (problem) {
    return { problem: problem.message };
  }
}

async function tools(call, gateway) {
  if (call.method !== "POST") return only("POST");
  const refused = await unauthorized(call, gateway);
  if (refused) return refused;
  const { value, problem } = parse(call.body);
  if (problem) return error(400, "invalid_request_error", problem);
  const failed = (status, type, message) => json(status, { ok: false, error: { type, message } });
  const name = value.tool ?? value.name;
  if (!name) return failed(400, "invalid_request", "tools.invoke requires name");
  if (name !== "sessions_list") return failed(404, "not_found", `Tool not available: ${name}`);
  const details = { count: 0, sessions: [], hasMore: false, limitApplied: 100 };
  const content = [{ type: "text", text: JSON.stringify(details, null, 2) }];
  return json(200, { ok: true, result: { content, details } });
}

async function models(call, gateway) {
  if (call.method !== "GET") return only("GET");
  const model = { id: "openclaw", object: "model", created: 0, owned_by: "openclaw" };
  return (await unauthorized(call, gateway)) ?? json(200, { object: "list", data: [model] });
}

async function completions(call, gateway) {
  if (call.method !== "POST") return only("POST");
  const refused = await unauthorized(call, gateway);
  return refused ?? error(400, "invalid_request_error", "Missing user message in `messages`.");
}

/** The nudge: a token of its own, and plain text for who has not got it. */
async function hooks(call, gateway, path) {
  if (call.method !== "POST") return only("POST");
  if (call.query.has("token")) {
    return text(400, words.IN_QUERY);
  }
  call.given ??= call.headers["x-openclaw-token"];
  const refused = await refuse(call, gateway.config.hooks.token, gateway.hookLimiter, {
    unauthorized: () => text(401, "Unauthorized"),
    locked: (wait) => text(429, "Too Many Requests", { "Retry-After": String(wait) }),
  });
  if (refused) return refused;
  const needed = { "/wake": "text", "/agent": "message" }[path];
  if (!needed) return notFound();
  const { value, problem } = parse(call.body);
  if (problem) return json(400, { ok: false, error: problem });
  if (!value[needed]) return json(400, { ok: false, error: `${needed} required` });
  return json(200, { ok: true, mode: "now", eventOutcome: "queued" });
}

function health(call, gateway) {
  const { path } = call;
  if (!["GET", "HEAD"].includes(call.method)) return only("GET", "HEAD");
  if (path === "/health" || path === "/healthz") return json(200, { ok: true, status: "live" });
  if (path === "/startupz") {
    const status = gateway.ready ? "started" : "starting";
    return json(gateway.ready ? 200 : 503, { ok: gateway.ready, status, version: gateway.version });
  }
  if (call.forwarded) return error(403, "proxy_attribution_required", words.PROXY);
  const failing = gateway.ready ? [] : ["startup-sidecars"];
  return json(gateway.ready ? 200 : 503, { ready: gateway.ready, failing });
}

function hooksPath(config) {
  const named = config.hooks?.path ?? "/hooks";
  return `/${named.replace(/^\/+|\/+$/g, "")}`;
}

async function answer(call, gateway) {
  const { path, method } = call;
  const { hooks: hook, gateway: settings } = gateway.config;
  if (["/health", "/healthz", "/ready", "/readyz", "/startupz"].includes(path)) {
    return health(call, gateway);
  }
  if (path === "/tools/invoke") return await tools(call, gateway);
  if (settings?.http?.endpoints?.chatCompletions?.enabled) {
    if (path === "/v1/models") return await models(call, gateway);
    if (path === "/v1/chat/completions") return await completions(call, gateway);
  }
  const base = hooksPath(gateway.config);
  if (hook?.enabled && (path === base || path.startsWith(`${base}/`))) {
    return await hooks(call, gateway, path.slice(base.length));
  }
  if (settings?.controlUi?.enabled === false) return notFound();
  if (path === "/control-ui-config.json") {
    return (await unauthorized(call, gateway)) ?? json(200, { basePath: "", assistantName: "Assistant" });
  }
  // anything else is the page of the Control UI, for everybody
  const isPage = ["GET", "HEAD"].includes(method) && !/^\/(api|v1)(\/|$)/.test(path);
  return isPage ? html() : notFound();
}

/** What stands in front of it, or is wrong with it. */
const MISBEHAVIOUR = {
  html,
  502: () => ({ status: 502, type: HTML_TYPE, body: "<html><h1>502 Bad Gateway</h1></html>\n" }),
  503: () => ({ status: 503, type: HTML_TYPE, body: "<html><h1>503</h1></html>\n" }),
};

function send(request, response, call, { status, type, body, headers = {} }) {
  note("requests", `${call.method} ${call.path} ${status} ${call.kind}`);
  response.writeHead(status, {
    "X-Content-Type-Options": "nosniff",
    "Content-Type": type,
    "Cache-Control": "no-store",
    "Content-Length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function take(request, response, gateway) {
  const url = new URL(request.url, "http://gateway");
  const call = {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    ip: request.socket.remoteAddress,
    given: bearer(request),
    forwarded: ["x-forwarded-for", "x-real-ip", "forwarded"].some((name) => request.headers[name]),
    body: "",
  };
  judge(call, gateway.token);
  for await (const part of request) call.body += part;
  const behave = behaviour();
  if (behave === "close") {
    note("requests", `${call.method} ${call.path} closed ${call.kind}`);
    return request.socket.destroy();
  }
  if (behave === "hang") return note("requests", `${call.method} ${call.path} hung ${call.kind}`);
  const rpc = await gateway.rpc(call);
  return send(request, response, call, rpc ?? (await (MISBEHAVIOUR[behave] ?? answer)(call, gateway)));
}

/** Listens at loopback, as both of its addresses where there are two. */
export async function listen(gateway, port) {
  const servers = [];
  for (const host of ["127.0.0.1", "::1"]) {
    const server = http.createServer((request, response) => {
      take(request, response, gateway).catch(() => request.socket.destroy());
    });
    const failed = await new Promise((resolve) => {
      server.once("error", resolve);
      server.listen(port, host, () => resolve(undefined));
    });
    if (!failed) servers.push(server);
    else if (host === "127.0.0.1") throw failed;
  }
  return servers;
}

export { json, unauthorized };
