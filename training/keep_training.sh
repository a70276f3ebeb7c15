#!/bin/sh
# Keeps train.py running in the background at the lowest priority: keep_training.sh start | stop | status.
# stop lets it write a checkpoint first; a crash restarts it after a minute.
#   PENTIMENTO_TRAINING  work folder (default: training/work beside this script)
#   PENTIMENTO_MERGES    CLIP's bpe_simple_vocab_16e6.txt.gz (default: in the work folder)
#   PENTIMENTO_TRAIN_OPTIONS  further options of train.py
#   PYTHON               interpreter with requirements.txt installed
here=$(cd "$(dirname "$0")" && pwd)
work=${PENTIMENTO_TRAINING:-$here/work}
merges=${PENTIMENTO_MERGES:-$work/bpe_simple_vocab_16e6.txt.gz}
python=${PYTHON:-python3}
export OMP_WAIT_POLICY=passive

case "$1" in
  start)
    if [ -f "$work/keep.pid" ] && kill -0 "$(cat "$work/keep.pid")" 2>/dev/null; then
      echo "already running: $(cat "$work/keep.pid")"; exit 0
    fi
    setsid "$0" loop >>"$work/keep.log" 2>&1 </dev/null &
    echo $! >"$work/keep.pid" ;;
  loop)
    trap 'kill -CONT $child 2>/dev/null; kill -TERM $child 2>/dev/null; wait $child; exit 0' TERM INT
    # Linux shares the processor among sessions before it looks at niceness: lower this one's share too.
    echo 19 2>/dev/null >/proc/self/autogroup
    while :; do
      nice -n 19 ionice -c3 "$python" "$here/train.py" "$work" --merges "$merges" $PENTIMENTO_TRAIN_OPTIONS &
      child=$!
      echo $child >"$work/train.pid"
      wait $child && exit 0
      sleep 60 & wait $!
    done ;;
  stop)
    kill -TERM "$(cat "$work/keep.pid")" ;;
  status)
    tail -n 3 "$work/train.log" ;;
  *)
    echo "usage: $0 start | stop | status"; exit 2 ;;
esac
