#!/bin/sh
# Proves something else.
read -r line
version=$(printf "%s" "$line" | sed "s/^{\(\"version\":{[^}]*}\).*/\1/")
proved="{\"status\":\"proved\",\"reason\":\"\",\"because\":[],\"failures\":[],\"witness\":null,\"notes\":[],\"assuming\":[],\"took\":{\"secs\":0,\"nanos\":0}}"
echo "{$version,\"body\":{\"verdict\":{\"index\":0,\"id\":\"another\",\"verdict\":$proved}}}"
read -r line
