#!/bin/sh
# Says what is no answer.
echo proved
