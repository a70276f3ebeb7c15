// The 26 styles of multistyle26.onnx. The network came without names; these say what each does to
// a photograph, looked at on portraits, animals, things and night skies.
#include <array>

#include "runtime/stylizer.h"

namespace pentimento {

std::span<const PaintingStyle> painting_styles() {
  static const std::array<PaintingStyle, 26> kStyles = {{
      {0, "ochre-sky", "Ochre and sky blue", "赭黄与天蓝"},
      {1, "ink-and-yellow", "Bold ink on yellow", "浓墨与明黄"},
      {2, "pale-winter", "Pale winter light", "冬日淡光"},
      {3, "electric-shards", "Electric shards", "霓虹碎片"},
      {4, "crimson-gold", "Crimson and gold", "绯红与金"},
      {5, "autumn-blaze", "Autumn blaze", "秋日烈焰"},
      {6, "indigo-dots", "Indigo dots", "靛蓝圆点"},
      {7, "bold-primaries", "Bold primaries on black", "黑底三原色"},
      {8, "pencil-on-white", "Coloured pencil on white", "白纸彩铅"},
      {9, "leaf-mosaic", "Teal and red mosaic", "青红马赛克"},
      {10, "burnt-sienna", "Burnt sienna", "熟赭棕调"},
      {11, "golden-engraving", "Golden engraving", "金色版画"},
      {12, "lilac-impression", "Lilac impressionism", "淡紫印象派"},
      {13, "green-woodcut", "Green woodcut", "绿调木刻"},
      {14, "misty-blue", "Misty blue watercolour", "雾蓝水彩"},
      {15, "stained-glass", "Pastel stained glass", "粉彩花窗"},
      {16, "twilight-chalk", "Twilight chalk", "暮色粉笔"},
      {17, "red-weave", "Red weave (abstract)", "红色编织（抽象）"},
      {18, "sand-relief", "Sand relief", "沙色浮雕"},
      {19, "starry-night", "Starry night", "星夜"},
      {20, "ember", "Ember red", "余烬暗红"},
      {21, "pop-cutout", "Pop cut-out", "波普剪纸"},
      {22, "expressionist", "Expressionist lines", "表现主义线条"},
      {23, "quiet-dusk", "Quiet dusk", "静谧黄昏"},
      {24, "ukiyo-e", "Ukiyo-e waves", "浮世绘海浪"},
      {25, "heavy-impasto", "Heavy impasto", "厚涂油彩"},
  }};
  return kStyles;
}

}  // namespace pentimento
