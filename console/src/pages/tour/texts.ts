/** The tour's data: a hundred short texts about everyday things, each in English and in Korean. Written for this tour. */

/** Five pairs a topic, in the order of `TOPICS`: [English, Korean]. */
export const PAIRS: ReadonlyArray<readonly [english: string, korean: string]> = [
  // food
  ["A bowl of hot noodle soup warms you on a winter evening.", "뜨거운 국수 한 그릇은 겨울 저녁에 몸을 녹여 줍니다."],
  ["Kimchi tastes better after a few weeks in the cold.", "김치는 서늘한 곳에서 몇 주 익히면 더 맛있습니다."],
  [
    "Bread dough needs an hour of rest before it goes into the oven.",
    "빵 반죽은 오븐에 넣기 전에 한 시간쯤 쉬어야 합니다.",
  ],
  [
    "Fresh basil and ripe tomatoes are all this sauce needs.",
    "이 소스에는 신선한 바질과 잘 익은 토마토만 있으면 됩니다.",
  ],
  ["My grandmother dries persimmons under the roof every autumn.", "할머니는 가을마다 처마 밑에 감을 말리십니다."],
  // weather
  ["Heavy rain is expected along the coast tonight.", "오늘 밤 해안 지역에 많은 비가 예상됩니다."],
  ["The first snow fell three weeks earlier than last year.", "첫눈이 작년보다 3주 일찍 내렸습니다."],
  [
    "A dry wind from the desert brings yellow dust in spring.",
    "봄에는 사막에서 불어온 건조한 바람이 황사를 몰고 옵니다.",
  ],
  ["Fog covered the airport until noon.", "정오까지 공항에 짙은 안개가 끼었습니다."],
  ["This summer had the hottest night since records began.", "올여름에는 관측 이래 가장 더운 밤이 있었습니다."],
  // animals
  ["Owls hear a mouse under the snow.", "부엉이는 눈 밑에 있는 쥐의 소리도 듣습니다."],
  [
    "The old dog waits at the door until the children come home.",
    "늙은 개는 아이들이 집에 올 때까지 문 앞에서 기다립니다.",
  ],
  ["Bees tell each other with a dance where the flowers are.", "벌은 춤으로 꽃이 있는 곳을 서로 알려 줍니다."],
  ["Cranes rest in these rice fields on their way south.", "두루미는 남쪽으로 가는 길에 이 논에서 쉽니다."],
  ["A cat sleeps about fifteen hours a day.", "고양이는 하루에 열다섯 시간쯤 잡니다."],
  // space
  ["The probe needs nine years to reach the edge of the solar system.", "탐사선이 태양계 끝에 닿는 데 9년이 걸립니다."],
  ["On the Moon you would weigh a sixth of what you weigh here.", "달에서는 몸무게가 지구의 6분의 1로 줄어듭니다."],
  ["The telescope found water on a planet of another star.", "망원경이 다른 별의 행성에서 물을 발견했습니다."],
  ["Meteors burn up high above the clouds.", "유성은 구름보다 훨씬 높은 곳에서 타 버립니다."],
  ["Astronauts grow lettuce in the space station.", "우주 비행사들은 우주 정거장에서 상추를 기릅니다."],
  // music
  ["She practises the cello two hours every morning.", "그는 매일 아침 두 시간씩 첼로를 연습합니다."],
  ["The concert ended with a song that everybody knew.", "공연은 모두가 아는 노래로 끝났습니다."],
  ["A good drummer listens more than he plays.", "훌륭한 드러머는 치기보다 더 많이 듣습니다."],
  ["Old records crackle, and that is why people like them.", "오래된 음반은 지직거리고, 사람들은 그래서 좋아합니다."],
  ["The choir sings in four languages this Christmas.", "합창단은 이번 성탄절에 네 가지 언어로 노래합니다."],
  // sport
  ["The goalkeeper saved a penalty in the last minute.", "골키퍼가 마지막 1분에 페널티킥을 막아 냈습니다."],
  ["She ran her first marathon at the age of sixty.", "그는 예순 살에 첫 마라톤을 뛰었습니다."],
  ["Archers breathe out before they let the arrow go.", "양궁 선수는 화살을 놓기 전에 숨을 내쉽니다."],
  ["The baseball game was called off because of the storm.", "폭풍우 때문에 야구 경기가 취소되었습니다."],
  ["Children learn to swim in the river here.", "이곳 아이들은 강에서 헤엄치는 법을 배웁니다."],
  // travel
  ["The night train crosses three borders before breakfast.", "야간열차는 아침 식사 전에 국경을 세 번 넘습니다."],
  ["Book the mountain hut early: it has only twenty beds.", "산장은 침대가 스무 개뿐이니 일찍 예약하세요."],
  [
    "A small guesthouse by the harbour serves breakfast at five.",
    "항구 옆 작은 민박은 새벽 다섯 시에 아침을 차립니다.",
  ],
  ["She forgot her passport and missed the flight.", "여권을 두고 와서 비행기를 놓쳤습니다."],
  ["The best view of the old town is from the bell tower.", "구시가지는 종탑에서 볼 때 가장 아름답습니다."],
  // health
  ["Drink enough water when you have a fever.", "열이 날 때는 물을 충분히 드세요."],
  ["A short walk after lunch lowers blood sugar.", "점심 뒤에 잠깐 걸으면 혈당이 내려갑니다."],
  ["The dentist recommends a softer toothbrush.", "치과 의사는 더 부드러운 칫솔을 권합니다."],
  ["Stretch your back if you sit at a desk all day.", "온종일 책상에 앉아 있다면 허리를 자주 펴 주세요."],
  ["The vaccine protects for about ten years.", "이 백신은 10년쯤 효과가 있습니다."],
  // money
  ["The bank raised the interest rate on loans again.", "은행이 대출 금리를 또 올렸습니다."],
  ["Form 27-B must be filed before the end of May.", "27-B 서식은 5월 말까지 제출해야 합니다."],
  ["She saves a tenth of her salary every month.", "그는 매달 월급의 10분의 1을 저축합니다."],
  ["The price of rice has doubled in two years.", "쌀값이 2년 만에 두 배가 되었습니다."],
  ["They share the rent of the flat equally.", "그들은 집세를 똑같이 나누어 냅니다."],
  // school
  ["The exam takes three hours and has no multiple choice.", "시험은 세 시간이고 객관식 문제가 없습니다."],
  ["Our teacher explains fractions with slices of pizza.", "우리 선생님은 피자 조각으로 분수를 설명하십니다."],
  ["The library is open until midnight before the exams.", "시험 기간에는 도서관이 자정까지 문을 엽니다."],
  ["First graders plant a tree on their first day.", "1학년 아이들은 입학하는 날 나무를 심습니다."],
  ["He learned to read from comic books.", "그는 만화책으로 글을 깨쳤습니다."],
  // computers
  ["Error E-4012 means that the disk is full.", "오류 E-4012는 디스크가 가득 찼다는 뜻입니다."],
  ["Write the test first, then the code that passes it.", "테스트를 먼저 쓰고, 통과하는 코드를 그다음에 쓰세요."],
  ["A password manager remembers what you cannot.", "비밀번호 관리 프로그램은 사람이 못 외우는 것을 기억합니다."],
  ["The laptop gets hot because dust blocks its fan.", "먼지가 팬을 막아서 노트북이 뜨거워집니다."],
  ["Back up your photos before you change your phone.", "휴대전화를 바꾸기 전에 사진을 백업하세요."],
  // garden
  ["Tomatoes want sun, water and something to climb.", "토마토에는 햇빛과 물, 타고 오를 지지대가 필요합니다."],
  ["Cut the roses back in early spring.", "장미는 이른 봄에 가지를 잘라 주세요."],
  ["Earthworms make the soil loose and rich.", "지렁이는 흙을 부드럽고 기름지게 만듭니다."],
  ["Pine trees grow slowly and live for centuries.", "소나무는 천천히 자라고 수백 년을 삽니다."],
  ["Snails ate all the lettuce in one night.", "달팽이가 하룻밤 사이에 상추를 모두 먹었습니다."],
  // history
  ["The palace was built in 1395 and burned down twice.", "이 궁궐은 1395년에 지어졌고 두 번 불탔습니다."],
  ["Letters took months to cross the ocean in those days.", "그 시절에는 편지가 바다를 건너는 데 몇 달이 걸렸습니다."],
  [
    "The king had a new alphabet made, so that everybody could read.",
    "임금은 누구나 읽을 수 있도록 새 글자를 만들게 했습니다.",
  ],
  ["Farmers found a bronze bell under the field.", "농부들이 밭에서 청동 종을 발견했습니다."],
  ["The wall divided the city for twenty-eight years.", "장벽은 28년 동안 도시를 둘로 나누었습니다."],
  // sea
  ["Divers of the island gather abalone without any air tank.", "섬의 해녀들은 산소통 없이 전복을 땁니다."],
  ["The lighthouse has been dark since the keeper left.", "등대지기가 떠난 뒤로 등대는 꺼져 있습니다."],
  ["Whales sing to each other across hundreds of kilometres.", "고래는 수백 킬로미터를 사이에 두고 서로 노래합니다."],
  ["At low tide you can walk to the little island.", "썰물 때는 작은 섬까지 걸어갈 수 있습니다."],
  ["The fishing boats come back before sunrise.", "고깃배들은 해가 뜨기 전에 돌아옵니다."],
  // family
  ["The twins have never had the same opinion.", "쌍둥이는 한 번도 의견이 같았던 적이 없습니다."],
  ["Grandfather tells the same story at every birthday.", "할아버지는 생일마다 같은 이야기를 하십니다."],
  ["The whole family makes dumplings for the New Year.", "설날에는 온 가족이 함께 만두를 빚습니다."],
  ["Her daughter moved abroad and calls every Sunday.", "딸은 외국으로 이사했고 일요일마다 전화합니다."],
  ["The baby laughs when somebody sneezes.", "아기는 누가 재채기를 하면 웃습니다."],
  // films
  ["The film was shot in one take without a cut.", "이 영화는 한 번도 끊지 않고 촬영했습니다."],
  ["Nobody laughed at the comedy except the director.", "그 코미디를 보고 감독 말고는 아무도 웃지 않았습니다."],
  ["A thriller about a family that moves into another’s house.", "남의 집에 들어가 사는 가족을 그린 스릴러입니다."],
  ["The cinema shows silent films with a live piano.", "그 극장은 피아노 연주와 함께 무성 영화를 상영합니다."],
  ["The heroine forgets her name every morning.", "주인공은 아침마다 자기 이름을 잊어버립니다."],
  // transport
  ["Train KTX-417 leaves from platform nine at 6:40.", "KTX-417 열차는 6시 40분에 9번 승강장에서 출발합니다."],
  ["The bus is late because of road works.", "도로 공사 때문에 버스가 늦습니다."],
  [
    "More people cycle to work since the bridge has a lane for them.",
    "다리에 자전거 도로가 생긴 뒤 자전거로 출근하는 사람이 늘었습니다.",
  ],
  ["Electric cars are charged at home overnight.", "전기차는 밤새 집에서 충전합니다."],
  ["The ferry takes cars as well, but not in a storm.", "이 배에는 차도 실을 수 있지만 폭풍이 불면 안 됩니다."],
  // home
  ["Turn off the water before you repair the tap.", "수도꼭지를 고치기 전에 물부터 잠그세요."],
  ["A warm floor is the best thing about an old Korean house.", "따뜻한 온돌 바닥이 한옥의 가장 큰 매력입니다."],
  ["The washing machine shakes because it stands uneven.", "세탁기는 바닥이 평평하지 않아서 흔들립니다."],
  ["White walls make a small room look larger.", "흰 벽은 작은 방을 넓어 보이게 합니다."],
  ["The neighbours complain about noise after ten.", "이웃들은 밤 열 시 이후의 소음에 불만이 많습니다."],
  // sleep
  ["Too much coffee keeps her awake at night.", "커피를 많이 마시면 밤에 잠이 오지 않습니다."],
  ["A cool, dark room helps you fall asleep.", "서늘하고 어두운 방에서는 잠이 잘 옵니다."],
  ["He dreams of flying over the city.", "그는 도시 위를 나는 꿈을 꿉니다."],
  ["Teenagers need more sleep than their parents.", "십 대는 부모보다 잠이 더 많이 필요합니다."],
  ["A nap of twenty minutes is better than another coffee.", "20분 낮잠이 커피 한 잔보다 낫습니다."],
  // language
  ["Children learn two languages at once without effort.", "아이들은 두 언어를 힘들이지 않고 함께 배웁니다."],
  [
    "This word has no translation; it means to enjoy the sun in winter.",
    "겨울 햇볕을 즐긴다는 뜻의 이 말은 번역할 수 없습니다.",
  ],
  ["The dictionary lists forty words for rain.", "그 사전에는 비를 뜻하는 낱말이 마흔 개 실려 있습니다."],
  ["Speak slowly when somebody learns your language.", "우리말을 배우는 사람에게는 천천히 말하세요."],
  ["The dialect of the island is hard to understand on the mainland.", "섬 사투리는 뭍에서 알아듣기 어렵습니다."],
];
