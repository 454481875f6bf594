import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { musterHome, repository } from '../support/muster-process.ts'
import { startProgram } from '../support/rust.ts'

it('plays the game of the guide, as it stands there', async () => {
  const guide = await readFile(join(repository, 'docs/guides/renet-game.md'), 'utf8')
  const blocks = (kind: string) => [...guide.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, 'g'))]
  const [[, manifest = ''] = []] = blocks('toml')
  const [[, server = ''] = [], [, player = ''] = []] = blocks('rust')
  const [[, configText = ''] = []] = blocks('json')
  const config = JSON.parse(configText) as { modes: { hello: { server: { launch: { cwd?: string } } } } }

  await mkdir(join(repository, 'target'), { recursive: true })
  const folder = await mkdtemp(join(repository, 'target/guide-'))
  try {
    config.modes.hello.server.launch.cwd = folder
    await using home = await musterHome(config)
    const muster = await home.start()
    await mkdir(join(folder, 'src/bin'), { recursive: true })
    const replaced = (text: string, what: string, by: string) => {
      expect(text).toContain(what)
      return text.replace(what, by)
    }
    // It stands in our own workspace, and builds with what was fetched for that: a registry's newest may want a newer Rust.
    const ours = replaced(manifest, '../muster/sdks/rust', join(repository, 'sdks/rust'))
    await writeFile(join(folder, 'Cargo.toml'), `${ours}\n[workspace]\n`)
    await copyFile(join(repository, 'Cargo.lock'), join(folder, 'Cargo.lock'))
    await writeFile(join(folder, 'src/bin/server.rs'), server)
    await writeFile(join(folder, 'src/bin/player.rs'), replaced(player, 'http://127.0.0.1:3000', muster.url))
    const target = join(folder, 'target')
    execFileSync('cargo', ['build', '--quiet', '--offline'], {
      ...{ cwd: folder, stdio: 'inherit', env: { ...process.env, CARGO_TARGET_DIR: target } },
    })

    await using host = startProgram(join(target, 'debug/player'))
    const [, passcode = ''] = await host.until(/passcode (\S+)/)
    await using friend = startProgram(join(target, 'debug/player'), passcode)
    for (const one of [host, friend]) {
      expect(await one.ended, one.text()).toBe(0)
      expect(one.text()).toMatch(/welcome, [\s\S]*started\nwon\n/)
    }
    expect(muster.output.text()).toMatch(/"mode":"hello","msg":"result accepted"/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 300_000)
