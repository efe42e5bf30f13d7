import { byPattern, type Rule } from './rule.ts';

const CHINESE =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧葉蘇呂盧鍾譚陸賈鄒龍賀顧龔萬錢嚴湯';
const JAPANESE =
  '佐藤|鈴木|高橋|田中|伊藤|渡辺|渡邊|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|林|斎藤|清水|山崎|森|池田|橋本|阿部|石川|山下|中島|石井|小川|前田|岡田|長谷川|藤田|後藤|近藤|村上|遠藤|青木|坂本';
const KOREAN =
  '김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용';
const UNCASED = String.raw`[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Thai}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Ethiopic}\p{Script=Khmer}]`;
const EASTERN = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]`;
const LABELS =
  '患者姓名|患者名|患者さん|患者|病人|姓名|氏名|名前|医生|医師|护士|看護師|환자|환자명|이름|성명|المريضة|المريض|مريضة|مريض|الدكتورة|الدكتور|د|السيدة|السيد|اسم|מטופלת|מטופל|חולה|שם|ד"ר|रोगी|मरीज़|मरीज|नाम|डॉ|श्री|श्रीमती|ผู้ป่วย|คุณ|นาย|นาง|ชื่อ|[Пп]ациент(?:ка|а|у|ки|ке)?|[Пп]ацієнт(?:ка|а)?|[Дд]октор|[Вв]рач|[Бб]ольной|[Бб]ольная|[Ии]мя|[Фф]амилия|[Αα]σθενής|[Όό]νομα|[Γγ]ιατρός';
const ENGLISH = 'patient|patients|pt|dr|mr|mrs|ms|nurse|doctor|user|name|for|of|by';

/**
 * Names in scripts that know no capital letters. In this clinic's English, one to four words of such a script that stand by themselves are
 * taken for a name; a longer text is a sentence, in which names are known by a label alone. Chinese, Japanese and Korean names stand alone
 * by their surname.
 */
export const NAME_RULES_OF_SCRIPTS: readonly Rule[] = [
  byPattern(
    'name after a label of its script',
    '[name]',
    new RegExp(
      String.raw`(?<![\p{L}\p{M}])(?:${LABELS})(?:[.:=]|は|が)?\s{0,3}[("']?(?<hide>(?:${EASTERN}{1,6}(?: ${EASTERN}{1,6})?|${UNCASED}[\p{M}${UNCASED.slice(1, -1)}]{0,24}(?: ${UNCASED}[\p{M}${UNCASED.slice(1, -1)}]{0,24}){0,2}|\p{Lu}[\p{L}'-]{1,24}(?:,? \p{Lu}[\p{L}.'-]{0,24}){0,3}))`,
      'u',
    ),
  ),
  byPattern(
    'name of the East after an English label',
    '[name]',
    new RegExp(String.raw`(?<![\p{L}])(?:${ENGLISH})\.?:?\s{1,2}(?<hide>${EASTERN}{2,8}(?:[ .]${EASTERN}{1,8}){0,2})`, 'iu'),
  ),
  byPattern(
    'Japanese name',
    '[name]',
    new RegExp(
      String.raw`(?<!${EASTERN})(?:${JAPANESE})[ ]?(?:[\p{Script=Han}]{1,3}|[\p{Script=Hiragana}]{2,4}|[\p{Script=Katakana}]{2,4})(?:さん|様|さま|氏|先生)?(?!${EASTERN})`,
      'u',
    ),
  ),
  byPattern(
    'Japanese name with its title',
    '[name]',
    /[\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}ー]{1,6}(?=さん|様|さま|氏(?!名)|先生)/u,
  ),
  byPattern('Chinese name', '[name]', new RegExp(String.raw`(?<!${EASTERN})[${CHINESE}]\p{Script=Han}{1,2}(?!${EASTERN})`, 'u')),
  byPattern(
    'Chinese name, compound',
    '[name]',
    new RegExp(String.raw`(?<!${EASTERN})(?:欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容)\p{Script=Han}{1,2}(?!${EASTERN})`, 'u'),
  ),
  byPattern('Korean name', '[name]', new RegExp(String.raw`(?<!${EASTERN})[${KOREAN}] ?\p{Script=Hangul}{2}(?:님|씨)?(?!${EASTERN})`, 'u')),
  byPattern(
    'name in a script without capitals',
    '[name]',
    new RegExp(
      String.raw`(?<![\p{M}${UNCASED.slice(1, -1)}]|${UNCASED} )${UNCASED}[\p{M}'"${UNCASED.slice(1, -1)}]{1,24}(?: ${UNCASED}[\p{M}'"${UNCASED.slice(1, -1)}]{0,24}){1,3}(?![\p{M}${UNCASED.slice(1, -1)}]| ${UNCASED})`,
      'u',
    ),
  ),
];
