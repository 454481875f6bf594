import { type MachineSetting, machineSettings } from '../../config.ts'
import { environmentHelp } from '../machine-options.ts'

/** What `muster serve --help` says below the options. */
export const details = `What differs from machine to machine is said by the environment; options stand before it, and NAME_FILE=PATH reads NAME
from a file. What a studio decides (modes, queues, boards, limits) stands in muster.config.ts.

ENVIRONMENT

${environmentHelp(...(Object.keys(machineSettings) as MachineSetting[]))}

Without DATABASE_URL it runs a PostgreSQL of its own in the data folder, which also keeps the root secret. Its first start
makes an operator's account and shows the password, once: in a terminal, or as a line of JSON on standard error. Ctrl+C or
SIGTERM stops it in good order; a further one, from a second on, at once. The log is JSON, a line at a time, and readable
in a terminal. It ends with 0 when it was stopped, 1 when it could not start or broke, 2 when the command line cannot be
run.

EXAMPLES

  muster serve
  PORT=4000 MUSTER_DATA=/var/lib/muster muster serve
  DATABASE_URL=postgres://muster:secret@db.example.com/muster REDIS_URL=redis://cache.example.com muster serve --host 0.0.0.0
  muster serve --only identity,profiles --port 3000`
