#!/bin/sh
# Answers as another build does.
read -r line
echo "{\"version\":{\"protocol\":1,\"build\":\"0.0.0\"},\"body\":{\"anything\":1}}"
