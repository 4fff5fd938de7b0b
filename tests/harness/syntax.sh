#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that is no program: a shell says so by the status 2.
echo "TAP version 13"
eval ')'
