import { execFileSync } from 'node:child_process'
import { repository } from './support/muster-process.ts'

/** Tests of programs in Rust run what is built, so all of the Cargo workspace is built first. */
export function setup(): void {
  execFileSync('cargo', ['build', '--locked', '--workspace', '--quiet'], { cwd: repository, stdio: 'inherit' })
}
