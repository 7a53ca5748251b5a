#!/bin/sh
# Proves the first question of the workflow `w`, and dies of the second.
read -r line
version=$(printf "%s" "$line" | sed "s/^{\(\"version\":{[^}]*}\).*/\1/")
proved="{\"status\":\"proved\",\"reason\":\"\",\"because\":[],\"failures\":[],\"witness\":null,\"notes\":[],\"assuming\":[],\"took\":{\"secs\":0,\"nanos\":0}}"
echo "{$version,\"body\":{\"verdict\":{\"index\":0,\"id\":\"w/steps-open\",\"verdict\":$proved}}}"
kill -9 $$
