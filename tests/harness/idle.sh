#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that waits for what never comes.
echo "TAP version 13"
echo "1..1"
sleep infinity
