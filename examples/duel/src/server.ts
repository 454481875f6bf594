import { launched } from '@muster/gameserver'
import { runLaunched } from './launched-server.ts'
import { runRegistered } from './registered-server.ts'

const help = `The duel's server. Muster launches it for each match; it can also be run by hand, and registers then:

  MUSTER_URL=http://127.0.0.1:3000 MUSTER_API_KEY=muster_sk_... PORT=41200 node examples/duel/dist/server.js

MUSTER_URL      where Muster answers
MUSTER_API_KEY  a key with the scope server: muster keys create --name duels --scope server
PORT            where to listen; any free port unless told
HOST            where to listen; 127.0.0.1 unless told
PUBLIC_HOST     what players connect to; HOST unless told
CAPACITY        most players at once; 40 unless told
MODES           modes of Muster's configuration that it plays, with commas between; duel unless told`

const {
  MUSTER_URL,
  MUSTER_API_KEY,
  PORT = '0',
  HOST = '127.0.0.1',
  PUBLIC_HOST = HOST,
  CAPACITY = '40',
  MODES = 'duel',
} = process.env
try {
  const launch = launched()
  if (launch !== null) {
    await runLaunched(launch)
    process.exit(0)
  }
  if (MUSTER_URL === undefined || MUSTER_API_KEY === undefined) {
    console.error(help)
    process.exit(2)
  }
  await runRegistered({
    ...{ url: MUSTER_URL, apiKey: MUSTER_API_KEY, host: HOST, port: Number(PORT), publicHost: PUBLIC_HOST },
    ...{ capacity: Number(CAPACITY), modes: MODES.split(',') },
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
