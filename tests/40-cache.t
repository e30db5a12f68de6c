#!/bin/sh
# cache tests: being written (helper F)
echo "1..0 # SKIP being written"
