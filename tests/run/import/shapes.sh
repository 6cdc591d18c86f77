# Sourced: shape NAME makes, in the current folder, a workspace whose turbo.json is like those of public repositories.
shape_library() {              # a library with examples and integrations, jsonc, a filter of scripts by name
	pnpm core react next-app
	file packages/core/package.json '{"name":"@lib/core","scripts":{"build":"x","lint":"x","test":"x","test:node":"x","type-check":"x","clean":"x"}}'
	file packages/react/package.json '{"name":"@lib/react","dependencies":{"@lib/core":"workspace:*"},"scripts":{"build":"x","test":"x","type-check":"x","clean":"x"}}'
	file packages/next-app/package.json '{"name":"next-app","dependencies":{"@lib/react":"workspace:*","next":"15"},"scripts":{"build":"x","dev":"x"}}'
	file package.json '{"name":"lib","scripts":{"build":"turbo build --concurrency 16","dev":"turbo dev --no-cache","changelog":"node c.js"}}'
	file turbo.jsonc '{
  // like those of SDKs
  "$schema": "https://turbo.build/schema.json",
  "globalEnv": ["CI", "PORT"],
  "concurrency": "16",
  "tasks": {
    "build": { "dependsOn": ["^build"], "env": ["OPENAI_API_KEY", "NEXT_PUBLIC_*"], "outputs": ["dist/**", ".next/**", "!.next/cache/**"] },
    "lint": { "dependsOn": ["^lint"] },
    "type-check": { "dependsOn": ["^build", "build"], "outputs": [] },
    "test": { "dependsOn": ["^build", "build"], "passThroughEnv": ["DEBUG"] },
    "test:node": { "dependsOn": ["^build", "build"] },
    "publint": { "dependsOn": ["^build", "build"] },
    "clean": { "dependsOn": ["^clean"], "cache": false },
    "dev": { "cache": false, "persistent": true, }
  }
}'
}
shape_app() {                  # a full-stack app: strict variables, a transit node, a package configuration, a sidecar
	pnpm web api db
	file packages/web/package.json '{"name":"@app/web","dependencies":{"@app/api":"workspace:*"},"scripts":{"build":"x","dev":"x","typecheck":"x"}}'
	file packages/api/package.json '{"name":"@app/api","dependencies":{"@app/db":"workspace:*"},"scripts":{"build":"x","dev":"x","typecheck":"x"}}'
	file packages/db/package.json '{"name":"@app/db","scripts":{"push":"x","studio":"x","typecheck":"x"}}'
	file package.json '{"name":"app","scripts":{"build":"turbo run build","typecheck":"turbo run typecheck"}}'
	file turbo.json '{
  "globalDependencies": ["**/.env"],
  "globalEnv": ["POSTGRES_URL", "AUTH_SECRET"],
  "globalPassThroughEnv": ["NODE_ENV", "CI", "VERCEL", "npm_lifecycle_event"],
  "ui": "tui",
  "tasks": {
    "topo": { "dependsOn": ["^topo"] },
    "build": { "dependsOn": ["^build"], "outputs": [".cache/tsbuildinfo.json", "dist/**"] },
    "dev": { "dependsOn": ["^dev"], "cache": false, "persistent": false },
    "typecheck": { "dependsOn": ["^topo", "^build"], "outputs": [".cache/tsbuildinfo.json"] },
    "clean": { "cache": false },
    "push": { "cache": false, "interactive": true },
    "studio": { "cache": false, "persistent": true }
  }
}'
	file packages/web/turbo.json '{
  "$schema": "https://turborepo.com/schema.json",
  "extends": ["//"],
  "tasks": {
    "build": { "outputs": [".next/**", "!.next/cache/**", "next-env.d.ts"], "env": ["PORT"] },
    "dev": { "persistent": true, "with": ["@app/api#dev"] },
    "e2e": { "dependsOn": ["build"] }
  }
}'
	file packages/db/turbo.json '{ "extends": ["//"], "tags": ["data"], "tasks": { "typecheck": { "outputs": ["$TURBO_EXTENDS$", "types/**"] } } }'
}
shape_monolith() {             # tasks of single packages in the root file, the root'"'"'s own tasks
	pnpm web prisma emails
	file packages/web/package.json '{"name":"@co/web","dependencies":{"@co/prisma":"workspace:*","@co/emails":"workspace:*"},"scripts":{"build":"x","start":"x","test":"x"}}'
	file packages/prisma/package.json '{"name":"@co/prisma","scripts":{"build":"x","db-deploy":"x","post-install":"x"}}'
	file packages/emails/package.json '{"name":"@co/emails","scripts":{"build":"x","test":"x"}}'
	file package.json '{"name":"co","scripts":{"format":"prettier","build":"turbo run build","test":"vitest"}}'
	file turbo.json '{
  "globalEnv": ["NODE_ENV", "!IGNORED"],
  "envMode": "loose",
  "remoteCache": { "signature": true },
  "tasks": {
    "build": { "dependsOn": ["^build"], "env": ["A"], "inputs": ["src/**", "!src/**/*.test.ts"], "outputs": ["dist/**"] },
    "test": { "dependsOn": ["@co/prisma#post-install", "nobody#x"] },
    "@co/web#build": { "dependsOn": ["^build", "@co/prisma#db-deploy"], "env": ["B"], "outputs": [".next/**"] },
    "@co/emails#build": { "cache": false },
    "@co/prisma#post-install": { "cache": false },
    "@co/prisma#db-deploy": { "outputs": ["migrated"] },
    "@co/gone#build": {},
    "//#format": { "inputs": ["$TURBO_DEFAULT$", "!**/*.md"] },
    "start": { "persistent": true, "dependsOn": ["build", "//#format"] }
  }
}'
}
shape_version_1() {            # "pipeline", variables in dependsOn
	file package.json '{"name":"old","workspaces":["apps/*","libs/*"],"scripts":{}}'
	file apps/site/package.json '{"name":"site","dependencies":{"lib":"*"},"scripts":{"build":"x","deploy":"x"}}'
	file libs/lib/package.json '{"name":"lib","scripts":{"build":"x"}}'
	file turbo.json '{
  "$schema": "https://turborepo.org/schema.json",
  "baseBranch": "origin/main",
  "globalDependencies": ["tsconfig.json"],
  "globalDotEnv": [".env"],
  "pipeline": {
    "build": { "dependsOn": ["^build", "$GRAPHQL_ENDPOINT"], "outputs": ["dist/**"], "outputMode": "new-only", "dotEnv": [".env.local"] },
    "deploy": { "dependsOn": ["build", "check"], "outputs": [] },
    "check": { "dependsOn": ["^build", "lint"] }
  }
}'
}
shape_design_system() {        # files of the root, tasks without a script that stand for others
	pnpm tokens components docs
	file packages/tokens/package.json '{"name":"tokens","scripts":{"build":"x","lint":"x"}}'
	file packages/components/package.json '{"name":"components","dependencies":{"tokens":"workspace:*"},"scripts":{"build":"x","lint":"x","test":"x"}}'
	file packages/docs/package.json '{"name":"docs","dependencies":{"components":"workspace:*"},"scripts":{"build":"x","storybook":"x"}}'
	file package.json '{"name":"ds","scripts":{"ci":"turbo ci","lint":"eslint ."}}'
	file turbo.json '{
  "boundaries": { "tags": {} },
  "cacheDir": ".turbo/cache",
  "tasks": {
    "transit": { "dependsOn": ["^transit"] },
    "build": { "description": "Builds all that is published", "dependsOn": ["^build"], "inputs": ["$TURBO_DEFAULT$", "$TURBO_ROOT$/tsconfig.base.json", "!$TURBO_ROOT$/README.md", "!**/*.stories.tsx"], "outputs": ["dist/**"] },
    "lint": { "dependsOn": ["transit"], "inputs": ["$TURBO_DEFAULT$", "$TURBO_ROOT$/eslint.config.js"], "cache": true },
    "test": { "dependsOn": ["transit", "build"], "env": ["TZ"] },
    "ci": { "dependsOn": ["build", "lint", "test"] },
    "storybook": { "persistent": true, "interruptible": true, "env": ["PORT"] }
  }
}'
	file packages/docs/turbo.json '{ "extends": ["//"], "tasks": { "build": { "extends": false, "dependsOn": ["^build"], "outputs": ["storybook-static/**"] } } }'
}
