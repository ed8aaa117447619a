import requests
import time

# 1. 提交任务
response = requests.post(
    "http://localhost:8000/sync",
    json={
        "video_url": "https://example.com/video.mp4",
        "audio_url": "https://example.com/audio.wav"
    }
)

task_id = response.json()["task_id"]
print(f"任务已提交，任务ID: {task_id}")

# 2. 轮询任务状态
while True:
    response = requests.get(f"http://localhost:8000/task/{task_id}")
    data = response.json()
    
    print(f"状态: {data['status']}, 进度: {data['progress']*100:.1f}%, 消息: {data['message']}")
    
    if data["status"] in ["completed", "failed"]:
        break
    
    time.sleep(5)

# 3. 下载结果（如果成功）
if data["status"] == "completed":
    video_url = f"http://localhost:8000{data['output_video_url']}"
    print(f"下载处理后的视频: {video_url}")
    
    response = requests.get(video_url)
    with open("result.mp4", "wb") as f:
        f.write(response.content)
    
    print("视频已保存到 result.mp4")
else:
    print(f"处理失败: {data['message']}")
