#!/bin/sh
# SPDX-License-Identifier: ISC
# 35-never.t: being written
