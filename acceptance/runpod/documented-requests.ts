interface DocumentedRequest {
  readonly name: string;
  readonly speeches: readonly string[];
  readonly body: {
    readonly input: { readonly width: number; readonly height: number; readonly [field: string]: unknown };
  };
}

/** The request bodies of the document, word for word but for hosts, base64 and, from the second on, a smaller size. With each its speech. */
export function documentedRequests(
  url: (file: string) => string,
  base64: (mediaType: string, file: string) => string,
): readonly DocumentedRequest[] {
  const size = { width: 256, height: 256 };
  return [
    {
      name: '1. I2V single',
      speeches: ['speech.wav'],
      body: {
        input: {
          input_type: 'image',
          person_count: 'single',
          prompt: '一个人正在自然地说话',
          image_url: url('portrait.jpg'),
          wav_url: url('speech.wav'),
          width: 512,
          height: 512,
        },
      },
    },
    {
      name: '2. I2V multi',
      speeches: ['speech.wav', 'speech-second.wav'],
      body: {
        input: {
          input_type: 'image',
          person_count: 'multi',
          prompt: '两个人正在对话',
          image_url: url('two-people.jpg'),
          wav_url: url('speech.wav'),
          wav_url_2: url('speech-second.wav'),
          ...size,
        },
      },
    },
    {
      name: '3. V2V single',
      speeches: ['speech.wav'],
      body: {
        input: {
          input_type: 'video',
          person_count: 'single',
          prompt: '一个人正在唱歌',
          video_url: url('portrait.mp4'),
          wav_url: url('speech.wav'),
          ...size,
        },
      },
    },
    {
      name: '4. V2V multi',
      speeches: ['speech.wav', 'speech-second.wav'],
      body: {
        input: {
          input_type: 'video',
          person_count: 'multi',
          prompt: '两个人在视频中对话',
          video_url: url('portrait.mp4'),
          wav_url: url('speech.wav'),
          wav_url_2: url('speech-second.wav'),
          ...size,
        },
      },
    },
    {
      name: '5. base64',
      speeches: ['speech.wav'],
      body: {
        input: {
          input_type: 'image',
          person_count: 'single',
          prompt: '一个人正在自然地说话',
          image_base64: base64('image/jpeg', 'portrait.jpg'),
          wav_base64: base64('audio/wav', 'speech.wav'),
          ...size,
        },
      },
    },
    {
      name: '6. volume path',
      speeches: ['speech.wav'],
      body: {
        input: {
          input_type: 'video',
          person_count: 'single',
          prompt: '一个人正在自然地说话',
          video_path: '/my_volume/input_video.mp4',
          wav_path: '/my_volume/audio.wav',
          ...size,
        },
      },
    },
  ];
}
