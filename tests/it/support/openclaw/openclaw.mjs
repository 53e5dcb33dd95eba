// Stands in for OpenClaw 2026.9.6, the command line and the gateway, where tests need one that
// starts at once. What it answers is written down in the fact sheet, and `tests/it/openclaw` holds
// it and the real one to the same facts. Where it knows nothing it fails instead of guessing.
//
// Knobs are environment variables, none of which the real one knows:
//   STANDIN_MODULES       the folder of the npm packages `dotenv` and `json5`
//   STANDIN_RECORD        a folder for what happened: `requests`, `starts`, `calls`
//   STANDIN_EVENTS        a unix socket that gets each line of the log, for who is not our parent
//   STANDIN_BEHAVE        how it answers, see `knobs.mjs`; the file `behave` of the record wins
//   STANDIN_START_MS      how long it takes until it opens its port, 0 if not given
//   STANDIN_LISTEN_GATE   a FIFO: it opens its port when somebody has written there
//   STANDIN_READY_GATE    a FIFO: it is ready when somebody has written there
//   STANDIN_RELOAD_MS     from a change of the file to its reading, 500 if not given
//   STANDIN_PENALTY_MS    what the first wrong token waits, 250 if not given

import { run } from "./commands.mjs";

process.exitCode = await run(process.argv.slice(2), { ...process.env });
