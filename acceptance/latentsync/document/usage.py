import requests

# 提交任务
response = requests.post(
    "http://localhost:8000/sync",
    json={
        "video_url": "https://example.com/video.mp4",  # 要处理的视频URL
        "audio_url": "https://example.com/audio.wav",  # 用于唇形同步的音频URL
        # 可选参数
        # "inference_ckpt_path": "checkpoints/unet.ckpt",
        # "inference_steps": 20,
        # "guidance_scale": 1.0
    }
)

# 获取任务ID和队列位置
task_id = response.json()["task_id"]
queue_position = response.json()["queue_position"]
print(f"任务ID: {task_id}, 队列位置: {queue_position + 1}")

import requests
import time

task_id = "你的任务ID"

# 轮询任务状态直到完成
while True:
    response = requests.get(f"http://localhost:8000/task/{task_id}")
    data = response.json()
    
    status = data["status"]
    progress = data["progress"] * 100
    message = data["message"]
    
    print(f"状态: {status}, 进度: {progress:.1f}%, 消息: {message}")
    
    # 如果任务完成或失败，退出循环
    if status in ["completed", "failed"]:
        break
    
    # 等待5秒后再次查询
    time.sleep(5)

# 检查任务是否完成
if data["status"] == "completed":
    # 获取视频URL
    video_url = f"http://localhost:8000{data['output_video_url']}"
    mask_url = f"http://localhost:8000{data['output_mask_url']}" if data['output_mask_url'] else None
    
    # 下载处理后的视频
    response = requests.get(video_url)
    with open("result_video.mp4", "wb") as f:
        f.write(response.content)
    
    print("视频已下载到 result_video.mp4")
    
    # 如果有掩码视频，也下载下来
    if mask_url:
        response = requests.get(mask_url)
        with open("result_mask.mp4", "wb") as f:
            f.write(response.content)
        print("掩码视频已下载到 result_mask.mp4")

# 查询当前队列状态
response = requests.get("http://localhost:8000/queue")
queue_data = response.json()

print(f"队列长度: {queue_data['queue_length']}")
print(f"是否有任务处理中: {queue_data['is_processing']}")

# 显示队列中的任务
if queue_data['queued_tasks']:
    print("等待中的任务:")
    for task in queue_data['queued_tasks']:
        print(f"  任务ID: {task['task_id']}, 位置: {task['position'] + 1}")
