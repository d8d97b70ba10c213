# shellcheck shell=bash
# Sourced by bash before the agent (BASH_ENV): the power goes before the agent's n-th command, however small that is.
unset BASH_ENV
if [[ $0 == *agent.sh ]]; then
  set -o functrace
  commands=0
  cut_power() {
    commands=$((commands + 1))
    if ((commands == CUT_AT_COMMAND)); then kill -9 0; fi
  }
  trap cut_power DEBUG
fi
