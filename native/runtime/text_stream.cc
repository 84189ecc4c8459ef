#include "runtime/text_stream.h"

#include <algorithm>

namespace leoam {
namespace {

// Bytes at the end of `text` that begin a UTF-8 character without completing it.
size_t IncompleteTail(const std::string& text) {
  const size_t look = std::min<size_t>(3, text.size());
  for (size_t back = 1; back <= look; ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) {
      continue;  // a continuation: its lead byte lies before
    }
    size_t length = 1;
    if ((byte & 0xE0U) == 0xC0U) {
      length = 2;
    } else if ((byte & 0xF0U) == 0xE0U) {
      length = 3;
    } else if ((byte & 0xF8U) == 0xF0U) {
      length = 4;
    }
    return back < length ? back : 0;
  }
  return 0;
}

}  // namespace

bool TextStream::Push(const std::string& piece) {
  if (stopped_) {
    return true;
  }
  held_ += piece;
  size_t end = std::string::npos;
  for (const std::string& stop : stop_) {
    if (!stop.empty()) {
      end = std::min(end, held_.find(stop));
    }
  }
  if (end != std::string::npos) {
    held_.resize(end);
    stopped_ = true;
    return true;
  }
  Show(ShowableBytes());
  return false;
}

void TextStream::Finish() {
  const size_t incomplete = IncompleteTail(held_);
  if (incomplete > 0) {
    held_.resize(held_.size() - incomplete);
    held_ += "\xEF\xBF\xBD";
  }
  Show(held_.size());
}

void TextStream::Show(size_t bytes) {
  if (bytes == 0) {
    return;
  }
  const std::string text = held_.substr(0, bytes);
  held_.erase(0, bytes);
  shown_ += text;
  if (on_text_) {
    on_text_(text);
  }
}

size_t TextStream::ShowableBytes() const {
  size_t keep = IncompleteTail(held_);
  for (const std::string& stop : stop_) {
    for (size_t length = std::min(stop.size(), held_.size()); length > keep; --length) {
      if (held_.compare(held_.size() - length, length, stop, 0, length) == 0) {
        keep = length;
        break;
      }
    }
  }
  return held_.size() - keep;
}

}  // namespace leoam
