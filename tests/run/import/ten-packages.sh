# Sourced: makes a turbo workspace of ten packages in the current folder, and no other file.
pkg() { mkdir -p $1; printf '%s\n' "$2" >$1/package.json; mkdir -p $1/src; echo "$1" >$1/src/index.txt; }
echo 'packages: ["apps/*","packages/*","tooling/*"]' >pnpm-workspace.yaml
cat >package.json <<'J'
{ "name": "ten", "private": true, "packageManager": "pnpm@10.34.9",
  "scripts": { "build": "turbo run build", "lint": "turbo run lint", "test": "turbo run test", "db:push": "turbo -F @ten/db push", "ship": "sh say.sh ship" } }
J
cat >say.sh <<'S'
# say.sh TASK [OUTPUT]: prints who runs, and makes OUTPUT of the package's and its dependencies' files
name=$(sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' package.json | head -n 1)
echo "RAN $name#$1"
[ -z "$2" ] || { mkdir -p "$(dirname "$2")"; cat src/* >"$2"; for d in $DEPS; do cat "../../$d/$2" >>"$2"; done; }
S
chmod +x say.sh
S='sh ../../say.sh'
pkg tooling/tsconfig '{"name":"@ten/tsconfig","version":"0.1.0"}'
pkg tooling/eslint '{"name":"@ten/eslint","version":"0.1.0","dependencies":{"@ten/tsconfig":"workspace:*"},"scripts":{"lint":"'"$S"' lint"}}'
pkg packages/validators '{"name":"@ten/validators","dependencies":{"@ten/tsconfig":"workspace:*"},"scripts":{"build":"'"$S"' build dist/index.txt","lint":"'"$S"' lint","test":"'"$S"' test"}}'
pkg packages/db '{"name":"@ten/db","dependencies":{"@ten/validators":"workspace:*"},"devDependencies":{"@ten/eslint":"workspace:*"},"scripts":{"build":"DEPS=packages/validators '"$S"' build dist/index.txt","lint":"'"$S"' lint","push":"'"$S"' push","generate":"'"$S"' generate generated/client.txt"}}'
pkg packages/auth '{"name":"@ten/auth","dependencies":{"@ten/db":"workspace:*"},"scripts":{"lint":"'"$S"' lint","test":"'"$S"' test"}}'
pkg packages/ui '{"name":"@ten/ui","devDependencies":{"@ten/tsconfig":"workspace:*"},"scripts":{"build":"'"$S"' build dist/index.txt","lint":"'"$S"' lint","test":"'"$S"' test"}}'
pkg packages/api '{"name":"@ten/api","dependencies":{"@ten/auth":"workspace:*","@ten/validators":"workspace:*"},"scripts":{"build":"DEPS=packages/db '"$S"' build dist/index.txt","test":"'"$S"' test"}}'
pkg apps/web '{"name":"@ten/web","dependencies":{"@ten/api":"workspace:*","@ten/ui":"workspace:*"},"scripts":{"build":"DEPS=\"packages/api packages/ui\" '"$S"' build .next/index.txt","dev":"'"$S"' dev","lint":"'"$S"' lint"}}'
sed -i 's#DEPS=\\"packages/api packages/ui\\" ##' apps/web/package.json
pkg apps/docs '{"name":"@ten/docs","dependencies":{"@ten/ui":"workspace:*"},"scripts":{"build":"DEPS=packages/ui '"$S"' build dist/index.txt","dev":"'"$S"' dev"}}'
pkg apps/cli '{"name":"@ten/cli","dependencies":{"@ten/validators":"workspace:*"},"scripts":{"build":"'"$S"' build dist/index.txt","test":"'"$S"' test"}}'
cat >turbo.json <<'J'
{
  "$schema": "https://turborepo.com/schema.json",
  "globalDependencies": ["**/.env"],
  "globalEnv": ["NODE_ENV", "DATABASE_URL"],
  "globalPassThroughEnv": ["CI", "npm_lifecycle_event"],
  "ui": "tui",
  "tasks": {
    "topo": { "dependsOn": ["^topo"] },
    "build": { "dependsOn": ["^build", "generate"], "env": ["BUILD_MODE"], "outputs": ["dist/**"] },
    "generate": { "outputs": ["generated/**"] },
    "dev": { "cache": false, "persistent": true },
    "lint": { "dependsOn": ["^topo", "^build"], "outputs": [".cache/.eslintcache"] },
    "test": { "dependsOn": ["build", "^topo"], "outputLogs": "new-only" },
    "push": { "cache": false, "interactive": true },
    "@ten/docs#build": { "dependsOn": ["^build"], "outputs": ["dist/**", "!dist/cache/**"] },
    "//#ship": { "dependsOn": ["@ten/cli#build"], "cache": false }
  }
}
J
cat >apps/web/turbo.json <<'J'
{ "extends": ["//"], "tasks": { "build": { "outputs": [".next/**", "!.next/cache/**"], "env": ["$TURBO_EXTENDS$", "NEXT_PUBLIC_URL"] } } }
J
