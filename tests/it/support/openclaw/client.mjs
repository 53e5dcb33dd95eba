// How the command line finds its gateway: the order of section 3.2, for a gateway of this machine.

import { readConfig } from "./config.mjs";
import { resolve } from "./tokens.mjs";
import * as words from "./words.mjs";

const config = ({ where }) => readConfig(where.config).parsed ?? {};

function url(call) {
  const { env, options } = call;
  if (options.url) return options.url.replace(/^ws/, "http").replace(/\/$/, "");
  const port = env.OPENCLAW_GATEWAY_PORT ?? config(call).gateway?.port ?? 18789;
  return `http://127.0.0.1:${port}`;
}

function token(call) {
  const { env, options, where } = call;
  if (options.token) return options.token;
  if (options.url) return undefined;
  try {
    return resolve(config(call), env, where, "start").token;
  } catch {
    return undefined;
  }
}

/** Asks the gateway; `ok`, or the `message` that tells why not. */
export async function ask(call, method) {
  const at = url(call);
  const given = token(call);
  const headers = given ? { Authorization: `Bearer ${given}` } : {};
  let response;
  try {
    response = await fetch(`${at}/standin/${method}`, { method: "POST", headers });
  } catch {
    const message = `Gateway not reachable at ${at.replace(/^http/, "ws")} (ECONNREFUSED).`;
    return { ok: false, message };
  }
  if (response.ok) return { ok: true };
  const messages = { 401: words.MISMATCH, 409: "secret reference was not found" };
  return { ok: false, message: messages[response.status] ?? `gateway answered ${response.status}` };
}
