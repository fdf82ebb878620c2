#!/usr/bin/env node
// The command `bowecho`. Plain JavaScript that is there before anything is compiled, so that npm can link it at install.
import '../dist/src/cli/main.js';
