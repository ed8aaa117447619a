#!/usr/bin/env bash
# Behaves as the client shipped with InfiniteTalk's serving: 200 demanded, three words stop, redirects followed.
# Usage: shell_client.sh BASE_URL IMAGE AUDIO OUT SECONDS
set -euo pipefail
base=$1 image=$2 audio=$3 out=$4 deadline=$((SECONDS + $5))

key() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }

reply=$(curl -sS -X POST "$base/v1/tasks/video" -H 'Content-Type: application/json' -w $'\n%{http_code}' -d "{
  \"prompt\": \"a person is talking\", \"image_path\": \"$image\", \"audio_path\": \"$audio\", \"infer_steps\": 40,
  \"target_video_length\": 25, \"seed\": 42, \"size\": \"infinitetalk-480\", \"sample_shift\": 7.0,
  \"use_teacache\": true, \"teacache_thresh\": 0.2, \"save_result_path\": \"ultimate_i2v_480\"}")
[[ ${reply##*$'\n'} == 200 ]] || { echo "create: $reply" >&2; exit 3; }
task=$(key task_id <<<"${reply%$'\n'*}")

while ((SECONDS < deadline)); do
  reply=$(curl -sS "$base/v1/tasks/$task/status" -w $'\n%{http_code}')
  [[ ${reply##*$'\n'} == 200 ]] || { echo "status: $reply" >&2; exit 4; }
  case $(key status <<<"${reply%$'\n'*}") in
    completed) curl -sSf -L "$base/v1/tasks/$task/result" -o "$out"; echo completed; exit 0 ;;
    failed | cancelled) echo "ended: $reply" >&2; exit 4 ;;
  esac
  sleep 0.3
done
echo "still waiting: $reply" >&2
exit 5
