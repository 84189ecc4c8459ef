// Turns tokens' bytes into text that may be shown: whole UTF-8 characters, never half of a
// stop string.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace leoam {

class TextStream {
 public:
  TextStream(std::vector<std::string> stop, std::function<void(const std::string&)> on_text)
      : stop_(std::move(stop)), on_text_(std::move(on_text)) {}

  // True once a stop string is complete: the answer ends before it.
  bool Push(const std::string& piece);

  // Shows what was held back. Incomplete characters become U+FFFD.
  void Finish();

  const std::string& text() const { return shown_; }

 private:
  void Show(size_t bytes);
  size_t ShowableBytes() const;

  std::vector<std::string> stop_;
  std::function<void(const std::string&)> on_text_;
  std::string held_;
  std::string shown_;
  bool stopped_ = false;
};

}  // namespace leoam
