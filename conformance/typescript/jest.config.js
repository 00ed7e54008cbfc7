// The suite's tests import the SDK from its sources beside them. Here they get the published package instead.
const sdk = '<rootDir>/node_modules/@pinecone-database/pinecone/dist';

module.exports = {
  rootDir: process.cwd(),
  roots: ['<rootDir>/src/integration'],
  testEnvironment: 'node',
  setupFiles: ['./redirect.js'],
  setupFilesAfterEnv: ['./src/integration/jest-setup.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { diagnostics: false, isolatedModules: true, tsconfig: { esModuleInterop: true } }],
  },
  moduleNameMapper: {
    '^(\\.\\./)+(index|pinecone)$': `${sdk}/$2`,
    '^(\\.\\./)+(assistant|data|errors|utils|pinecone-generated-ts-fetch)(/.*)?$': `${sdk}/$2$3`,
  },
  testTimeout: 120000,
};
