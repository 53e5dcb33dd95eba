// What the real one says, where somebody may look for it.

export const WEAK =
  "Invalid config: gateway auth token is blank, a published example placeholder, or the literal " +
  "string undefined/null. Generate a real secret and update gateway.auth.token or its external " +
  "source. For blank or undefined/null inline tokens, `openclaw doctor --fix " +
  "--generate-gateway-token` can generate one.";
export const SENTINEL =
  "Gateway auth token is a known redaction sentinel, not a credential. Run `openclaw doctor --fix` " +
  "to repair the Gateway token or replace the external secret, then restart and re-pair devices.";
export const NO_TOKEN =
  "gateway auth mode is token, but no token was configured (set gateway.auth.token or " +
  "OPENCLAW_GATEWAY_TOKEN).";
export const GENERATED =
  "auth token was missing. Generated a runtime token for this startup without changing config; " +
  "restart will generate a different token. Persist one with `openclaw config set " +
  "gateway.auth.mode token` and `openclaw config set gateway.auth.token <token>`.";
export const OPEN =
  "Gateway auth mode=none explicitly configured; all gateway connections are unauthenticated.";
export const NO_SECRETS = "Startup failed: required secrets are unavailable.";

export const NO_CONFIG =
  "Missing config. Run `openclaw setup` or set gateway.mode=local (or pass --allow-unconfigured).";
export const NO_MODE =
  "Gateway start blocked: existing config is missing gateway.mode. Treat this as suspicious or " +
  "clobbered config.";
export const OWNED = "another OpenClaw process owns gateway-lifecycle";

export const PROXY =
  "Proxy client attribution is required. Configure gateway.trustedProxies narrowly and make the " +
  "proxy overwrite or safely rebuild forwarding headers.";
export const LOCKED = "Too many failed authentication attempts. Please try again later.";
export const IN_QUERY =
  "Hook token must be provided via Authorization: Bearer <token> or X-OpenClaw-Token header (query " +
  "parameters are not allowed).";

export const MISMATCH =
  "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)";
export const NO_SERVICE =
  "Gateway restart failed: Error: service management skipped: non-default state dir or config path.";
export const NO_TERMINAL =
  "Gateway auth token failed: Refusing to print the Gateway token outside an interactive terminal. " +
  "Run `openclaw gateway auth-token --show` directly in a terminal on the Gateway host.";
export const NOT_SHOWN =
  "Gateway auth token failed: Pass --show to confirm that you want to print the Gateway token to " +
  "this terminal.";

export const readOnly = (file) =>
  "Config is externally managed (`OPENCLAW_CONFIG_READONLY=1`), so OpenClaw treats openclaw.json " +
  `as immutable.\nConfig path: ${file}\nEdit the config in your external deployment source, then ` +
  "redeploy or restart OpenClaw as needed.";
export const newer = (version, own) =>
  `Your OpenClaw config was written by version ${version}, but this command is running ${own}.\n`;
export const skipped = ({ source, provider, id }) =>
  "Gateway token generation skipped because gateway.auth.token is managed by SecretRef " +
  `${source}:${provider}:${id}. The referenced credential was left unchanged.`;

export const ON_COMMAND_LINE =
  "--value is refused for secret entries. Use a stdin pipe, --value-file, or the interactive no-echo " +
  "prompt.";
export const EMPTY_SECRET =
  "Secret store value is empty. Secret entries require a value; check the command that produced it.";
export const STILL_RUNNING =
  "A gateway is running. Run `openclaw secrets reload` for config-referenced values to take effect.";
export const writeOnly = (name) =>
  `Secret store entry "${name}" is write-only by design. Reference it from config with a store ` +
  "SecretRef.";
export const unconfirmed = (count) =>
  `Remove ${count} team store entry? Re-run with --yes in non-interactive mode.`;
