#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that passes.
echo "TAP version 13"
echo "1..1"
echo "ok 1 all is well"
