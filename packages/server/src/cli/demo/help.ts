import { environmentHelp } from '../machine-options.ts'

/** What `muster demo --help` says below the options. */
export const details = `Bots register over HTTP, search the queue \`duel\`, and accept; one declines and one stays silent, in different rounds.
Muster pairs them by rating and launches a game server process for each match; the bots connect with their tickets, load,
and play a small real game whose moves decide the score; the servers report, and ratings move. A bot has a skill, which
Muster does not know: at the end one sees how well the ratings have found it out.

\`muster demo friends\` is the second act: six friends and one private game. One too many is turned away, one is removed,
one drops the line and comes back, one is late; the host chooses how strong the beast is, and they fight it.

A Muster that runs at the configured address, or on the data folder, is used; if there is none, the demo starts one on a
free port and the same data folder, and stops it in the end. Names and accounts stay (demo.json in the data folder), so a
second demo goes on from the ratings of the first. The duel and its configuration are the repository's: run it there.

Progress goes to standard error, the table to standard output. It ends with 0 if everything happened that should have, and
with 1, saying what is missing, if not.

ENVIRONMENT

${environmentHelp('data', 'host', 'port', 'config')}

EXAMPLES

  muster demo
  muster demo --rounds 10 --bots 16
  muster demo friends
  muster demo --url http://127.0.0.1:4000 --json`
